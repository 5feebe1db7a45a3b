"""Errors of a scenario that end no iteration: in tasks nobody awaits, and awaits that are missing.

Python only logs these, so a scenario that never sends half of its requests would look well. Here
they are told in the summary, with file and line. They do not make an iteration fail: by the time
that Python tells of them another one may be running. Forgotten awaits are counted for a metric of
their own instead: a load that is not what the scenario says must not pass.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from types import FrameType, TracebackType
from typing import Any, TextIO

from atlas_perf.scripting.context import current_user
from atlas_perf.worker.exception_log import ExceptionLog, Place
from atlas_perf.worker.interruption import is_interrupted, was_any_interrupted

UNKNOWN_SCENARIO = "(unknown)"

_NEVER_AWAITED = re.compile(r"(?P<what>.+) was never awaited", re.DOTALL)
_NEVER_RETRIEVED = "exception was never retrieved"


class NeverAwaited(Exception):
    """A request, or another coroutine, that was made and never run."""


class StrayErrors:
    """Listens for the stray errors of this process and puts them into its exception log."""

    def __init__(
        self,
        log: ExceptionLog,
        file: str,
        lines: Mapping[str, int],
        on_forgotten: Callable[[str], None],
        may_be_cut_short: Callable[[], bool],
    ) -> None:
        """
        Args:
            file: the scenario file.
            lines: where each scenario's function begins in it.
            on_forgotten: told the scenario of each await that is missing.
            may_be_cut_short: True once some iteration has ended before its end, so that an await
                that is missing at an unknown place may be one it did not come to.
        """
        self._log = log
        self._file = file
        self._lines = lines
        self._on_forgotten = on_forgotten
        self._may_be_cut_short = may_be_cut_short
        self._show_warning = warnings.showwarning

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen from now on, for this process' life."""
        loop.set_exception_handler(self.on_loop_error)
        warnings.filterwarnings("always", r".* was never awaited", RuntimeWarning)
        warnings.showwarning = self.on_warning

    def collect(self) -> None:
        """Have Python tell of whatever has ended by now: failed tasks often hold themselves."""
        gc.collect()

    def on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A loop's exception handler. Of tasks, the first of a kind is logged as well."""
        error = context.get("exception")
        stray = str(context.get("message")).endswith(_NEVER_RETRIEVED)
        if not stray or not isinstance(error, Exception):
            loop.default_exception_handler(context)
            return
        task = context.get("task") or context.get("future")
        if self._log.record(_scenario_of(task, self._lines), error, where="in a task by itself"):
            loop.default_exception_handler(context)

    def on_warning(  # noqa: PLR0917 - the signature of `warnings.showwarning`
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """What `warnings.showwarning` is. The first of a kind is shown as any other warning."""
        found = _NEVER_AWAITED.fullmatch(str(message))
        if found is None or not issubclass(category, RuntimeWarning):
            self._show_warning(message, category, filename, lineno, file, line)
            return
        error = NeverAwaited(f"{found['what']} was never awaited, so it did not run")
        error.with_traceback(stack_around(sys._getframe(1)))
        scenario = _scenario_of(None, self._lines)
        place = self._log.users_place(error)
        # What an interruption kept from being awaited was not forgotten.
        if _interrupted() or (place is None and was_any_interrupted()):
            return
        # Nor, as likely as not, what an exception did.
        if place is not None or not self._may_be_cut_short():
            self._on_forgotten(scenario)
        # A request kept in a variable is given up when its function has ended: the line is gone.
        place = place or Place(self._file, self._lines.get(scenario, 0))
        if self._log.record(scenario, error, place=place):
            self._show_warning(message, category, place.file, place.line, file, line)


def _scenario_of(task: object, scenarios: Mapping[str, int]) -> str:
    """The scenario that the task's context tells, or the running one if there is no task."""
    if task is None:
        user = current_user.get(None)
    elif hasattr(task, "get_context"):  # from Python 3.12 on
        user = task.get_context().get(current_user)
    else:
        user = None
    scenario = getattr(user, "scenario", None)
    if isinstance(scenario, str):
        return scenario
    planned = [name for name in scenarios if name not in ("setup", "teardown")]
    return planned[0] if len(planned) == 1 else UNKNOWN_SCENARIO


def _interrupted() -> bool:
    try:
        return is_interrupted()
    except RuntimeError:  # no loop is running
        return False


def stack_around(frame: FrameType | None) -> TracebackType | None:
    """This frame and those around it as the traceback of an exception raised here."""
    stack = None
    while frame is not None:
        if frame.f_globals.get("__name__") != warnings.__name__:
            stack = TracebackType(stack, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return stack
