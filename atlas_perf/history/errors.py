"""What can go wrong with the runs that are kept."""

from __future__ import annotations

from atlas_perf.errors import AtlasPerfError, ExitCode, RunInvalidError, UsageError


class NoKeptRunError(UsageError):
    """There is no such run in the store."""

    exit_code = ExitCode.NO_DATA


class StoreWriteError(RunInvalidError):
    """Nothing can be written to the store, or taken out of it."""


class NotPromotedError(AtlasPerfError):
    """A run that may not be what later ones are measured by."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code
