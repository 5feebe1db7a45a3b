"""Every error a user can meet, and the exit code each one ends the command with.

    AtlasPerfError
    ├── UsageError            2   a wrong option, an unknown name, a missing variable
    │   ├── ScenarioError     2   a scenario file that cannot be used; names file and line
    │   ├── PlanError         2   a plan that cannot be run: a threshold, a stage, a folder
    │   └── SetupError        2   a scenario's setup raised, or its target is not ready
    ├── RunInvalidError       3   the run could not be carried out and proves nothing
    └── InternalError        70   a bug of ours

Only `atlas_perf.cli` turns an error into an exit.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller; `docs/verdict.md` explains each."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    INVALID = 3
    NO_DATA = 4
    INCONCLUSIVE = 5
    INTERNAL = 70
    INTERRUPTED = 130


class AtlasPerfError(Exception):
    """Base of all errors shown to a user as one sentence."""

    exit_code: ExitCode = ExitCode.INTERNAL


class UsageError(AtlasPerfError):
    """The command as given cannot be carried out."""

    exit_code = ExitCode.USAGE


class ScenarioError(UsageError):
    """A scenario file that cannot be used.

    `file` is the path as the user gave it, `line` is 1-based; either may be unknown (None).
    """

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        if self.file is None:
            return self.message
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class PlanError(UsageError):
    """The plan is well-formed but cannot be run as asked."""


class SetupError(ScenarioError):
    """A scenario's `setup` raised or timed out, so no load was offered."""


class RunInvalidError(AtlasPerfError):
    """The run broke down before it could measure anything."""

    exit_code = ExitCode.INVALID


class InternalError(AtlasPerfError):
    """A state that cannot be reached unless atlas-perf itself is wrong."""

    exit_code = ExitCode.INTERNAL
