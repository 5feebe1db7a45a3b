"""The first relative URL that nothing completes: a mistake of the command, and no load."""

from __future__ import annotations

import sys
from collections.abc import Callable

from atlas_perf.errors import ScenarioError
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.stray_errors import stack_around


class MissingBase:
    """Tells once, with the scenario's line, that a base URL is missing."""

    def __init__(self, log: ExceptionLog, file: str, tell: Callable[[ScenarioError], None]) -> None:
        self._log = log
        self._file = file
        self._tell = tell
        self._told = False

    def of_http(self) -> None:
        self._found("BASE_URL")

    def of_websockets(self) -> None:
        self._found("WS_URL or BASE_URL")

    def _found(self, variables: str) -> None:
        if self._told:
            return
        self._told = True
        message = (
            f"a relative URL has no base, so no request can be sent: set {variables} "
            "(-e BASE_URL=https://…), or name an --environment that has one"
        )
        seen = ScenarioError(message).with_traceback(stack_around(sys._getframe(1)))
        place = self._log.users_place(seen)
        file, line = (self._file, None) if place is None else (place.file, place.line)
        self._tell(ScenarioError(message, file=file, line=line))
