"""Exceptions of a scenario: each place counted in full, the first of each told in full."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import atlas_perf
from atlas_perf.model.batch import ScenarioException

MAX_KINDS = 20
"""Distinct exceptions that are told apart. Further ones are counted together."""

_OWN_FOLDER = f"{Path(atlas_perf.__file__).parent}/"

OTHER_KIND = "(other)"
MAX_MESSAGE_CHARS = 500
MAX_TRACEBACK_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the user's code an exception came from."""

    file: str
    line: int


class ExceptionLog:
    """Counts exceptions by scenario, kind and place; text is made for the first of each only.

    The message does not tell two exceptions apart, since many hold an id: the first is kept.
    """

    def __init__(self, scenario_file: str) -> None:
        self._file = scenario_file
        self._folder = str(Path(scenario_file).resolve().parent)
        self._seen: dict[tuple[str, str, str, int], ScenarioException] = {}
        self._counts: dict[tuple[str, str, str, int], int] = {}

    def record(
        self,
        scenario: str,
        error: BaseException,
        *,
        place: Place | None = None,
        where: str = "",
    ) -> bool:
        """Count this exception once more; True if it is the first of its kind.

        Args:
            place: where it came from, if its traceback does not tell.
            where: a word on it that stands beside its message.
        """
        leaf = innermost_exception(error)
        place = place or place_of(leaf, self._file, self._folder)
        key = (scenario, type(leaf).__name__, place.file, place.line)
        if key not in self._seen and len(self._seen) >= MAX_KINDS:
            key = (scenario, OTHER_KIND, self._file, 0)
        new = key not in self._seen
        if new:
            self._seen[key] = self._describe(key, error, leaf, where)
        self._counts[key] = self._counts.get(key, 0) + 1
        return new

    def users_place(self, error: BaseException) -> Place | None:
        """The innermost line of the user's own that the exception passed, if there is one."""
        return users_place(error, self._file, self._folder)

    def snapshot(self) -> tuple[ScenarioException, ...]:
        """Every kind so far with its count, in order of first appearance."""
        return tuple(
            ScenarioException(
                scenario=seen.scenario,
                kind=seen.kind,
                message=seen.message,
                file=seen.file,
                line=seen.line,
                count=self._counts[key],
                traceback=seen.traceback,
            )
            for key, seen in self._seen.items()
        )

    def _describe(
        self, key: tuple[str, str, str, int], error: BaseException, leaf: BaseException, where: str
    ) -> ScenarioException:
        scenario, kind, file, line = key
        if kind == OTHER_KIND:
            message = f"exceptions of further kinds than the first {MAX_KINDS}"
            return ScenarioException(scenario, kind, message, file, line, 1, "")
        message = _message(leaf)
        if len(message) > MAX_MESSAGE_CHARS:
            message = f"{message[: MAX_MESSAGE_CHARS - 1]}…"  # the mark tells what hides secrets
        if where:
            message = f"{message} ({where})".lstrip()
        text = user_traceback(error, self._file, self._folder)
        return ScenarioException(scenario, kind, message, file, line, 1, text)


def describe_exception(scenario: str, error: BaseException, file: str) -> ScenarioException:
    """One exception as it is told to the user; `file` is the scenario file as the user gave it."""
    log = ExceptionLog(file)
    log.record(scenario, error)
    return log.snapshot()[0]


def innermost_exception(error: BaseException) -> BaseException:
    """The first real exception inside nested groups: what a failed TaskGroup is about."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def place_of(error: BaseException, file: str, folder: str) -> Place:
    """The innermost line of the scenario file that the exception passed; failing that, of a file
    beside it; failing that, where it was raised."""
    frames = _frames(error.__traceback__)
    last = Place(*frames[-1]) if frames else Place(file, 0)
    return users_place(error, file, folder) or last


def users_place(error: BaseException, file: str, folder: str) -> Place | None:
    """The innermost line of the scenario file that the exception passed; failing that, of a file
    beside it; None if it passed neither."""
    return users_line(_frames(error.__traceback__), file, folder)


def users_line(frames: Sequence[tuple[str, int]], file: str, folder: str) -> Place | None:
    """The innermost of these lines, outermost first, that the scenario file has; failing that, of
    a file beside it; None if there is neither."""
    for wanted in (lambda name: name == file, lambda name: is_beside(name, folder)):
        for frame_file, line in reversed(frames):
            if wanted(frame_file):
                return Place(frame_file, line)
    return None


def user_traceback(error: BaseException, file: str, folder: str) -> str:
    """The traceback as Python prints it, from the first line of the user's on."""
    outermost = error.__traceback__
    while outermost is not None:
        name = outermost.tb_frame.f_code.co_filename
        if name == file or is_beside(name, folder):
            break
        outermost = outermost.tb_next
    lines = traceback.TracebackException(
        type(error), error, outermost or error.__traceback__, compact=True
    ).format()
    text = "".join(lines)
    return text if len(text) <= MAX_TRACEBACK_CHARS else "…" + text[-MAX_TRACEBACK_CHARS:]


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the user's __str__ is at fault, and what it should say is lost
        return "(its message cannot be read)"


def _frames(link: TracebackType | None) -> list[tuple[str, int]]:
    frames = []
    while link is not None:
        frames.append((link.tb_frame.f_code.co_filename, link.tb_lineno))
        link = link.tb_next
    return frames


def is_beside(name: str, folder: str) -> bool:
    """True for the user's own modules: not for what a virtual environment in the folder holds, and
    not for this package in a checkout that the scenario file lies in."""
    if not name.startswith(folder + "/") or "/site-packages/" in name[len(folder) :]:
        return False
    return not name.startswith(_OWN_FOLDER) or folder.startswith(_OWN_FOLDER)
