"""What can go wrong with a report after the run is over."""

from __future__ import annotations

from atlas_perf.errors import RunInvalidError, UsageError


class ResultsWriteError(RunInvalidError):
    """The results could not be written. A run without its record does not count as passed."""


class SummaryFormatError(UsageError):
    """A file that is not a summary, or one from a newer atlas-perf."""
