"""A thread that looks where the event loop stands when it stands still."""

from __future__ import annotations

import linecache
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.worker.exception_log import MAX_TRACEBACK_CHARS, is_beside, users_line
from atlas_perf.worker.loop_lag import STALL_NS
from atlas_perf.worker.stall_log import Sighting

LOOK_EVERY_NS = 50 * NS_PER_MS
"""Twenty glances a second at a number cost the loop nothing that its latencies could show."""

LOOK_AFTER_NS = STALL_NS - LOOK_EVERY_NS
"""The stack is taken from here on, so that none that becomes a stall has been missed."""

TELL_AFTER_NS = 2 * NS_PER_S
"""A loop that stands still for so long may never tell itself."""

MAX_CODE_CHARS = 120


class LoopWatcher:
    """Watches the loop of the thread that makes this object.

    While the loop runs in time a look is one comparison. When it is `LOOK_AFTER_NS` behind, the
    stack of its thread is taken, once, and looked at again to see whether it has moved on.
    """

    def __init__(
        self,
        scenario_file: str,
        due_ns: Callable[[], int | None],
        on_standstill: Callable[[Sighting], None] = lambda _: None,
    ) -> None:
        """
        Args:
            due_ns: tells what the loop must call next: see `LoopLagProbe.due_ns`.
            on_standstill: told once, on the watcher's thread, of a stall of `TELL_AFTER_NS` that
                goes on.
        """
        self._file = scenario_file
        self._on_standstill = on_standstill
        self._told_ns: int | None = None  # the stall that it was told of
        self._folder = str(Path(scenario_file).resolve().parent)
        self._due_ns = due_ns
        self._watched = threading.get_ident()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loop-watcher", daemon=True)
        self._sighting: Sighting | None = None
        self._user_frame: FrameType | None = None  # of the sighting, while the stall lasts

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when the thread has ended."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def sighting_at(self, due_ns: int) -> Sighting | None:
        """Where the loop was seen while it did not call what was due then."""
        sighting = self._sighting
        return sighting if sighting is not None and sighting.due_ns == due_ns else None

    def _watch(self) -> None:
        while True:
            look_at_ns = now_ns() + LOOK_EVERY_NS
            if self._ending.wait(LOOK_EVERY_NS / NS_PER_S):
                return
            self._look(max(0, now_ns() - look_at_ns))

    def _look(self, late_ns: int) -> None:
        due_ns = self._due_ns()
        if due_ns is None or now_ns() - due_ns < LOOK_AFTER_NS:
            self._user_frame = None
            return
        frame = sys._current_frames().get(self._watched)
        if frame is None or self._due_ns() != due_ns:
            return  # it has moved on, and what is seen is something else
        known = self.sighting_at(due_ns)
        if known is None:
            self._user_frame = self._outermost_of_user(frame)
            self._sighting = self._sight(frame, due_ns, late_ns)
        elif not known.moved and self._outermost_of_user(frame) is not self._user_frame:
            self._sighting = replace(known, moved=True)
        if known is not None and self._told_ns != due_ns and now_ns() - due_ns >= TELL_AFTER_NS:
            self._told_ns = due_ns
            self._on_standstill(known)

    def _sight(self, frame: FrameType, due_ns: int, late_ns: int) -> Sighting:
        lines = [(one.f_code.co_filename, one.f_lineno) for one in _frames(frame)]
        place = users_line(lines, self._file, self._folder)
        file, line = lines[-1] if place is None else (place.file, place.line)
        return Sighting(
            due_ns=due_ns,
            file=file,
            line=line,
            code=linecache.getline(file, line).strip()[:MAX_CODE_CHARS],
            stack=self._text(frame),
            in_scenario=place is not None,
            late_ns=late_ns,
        )

    def _outermost_of_user(self, frame: FrameType) -> FrameType | None:
        """The call into the user's code that is running: one call has one frame."""
        return next((one for one in _frames(frame) if self._is_users(one.f_code.co_filename)), None)

    def _is_users(self, name: str) -> bool:
        return name == self._file or is_beside(name, self._folder)

    def _text(self, frame: FrameType) -> str:
        """The stack as Python prints it, from the first line of the user's on."""
        stack = traceback.extract_stack(frame)
        users = (at for at, one in enumerate(stack) if self._is_users(one.filename))
        text = "".join(traceback.format_list(stack[next(users, 0) :]))
        return text if len(text) <= MAX_TRACEBACK_CHARS else "…" + text[-MAX_TRACEBACK_CHARS:]


def _frames(innermost: FrameType) -> list[FrameType]:
    """This frame and those around it, outermost first."""
    frames = []
    frame: FrameType | None = innermost
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]
