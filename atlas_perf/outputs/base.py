"""What an output is: something that sees every batch while the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Tags
from atlas_perf.model.summary import OutputSummary


class Output(Protocol):
    """A stream of a run's measurements, for `--out kind=target`.

    An output that breaks while the run goes on stops itself and says so when closed. It must never
    raise from `on_batch`, `on_gauge` or `close`, nor slow the run down without bound.
    """

    @property
    def wants_samples(self) -> bool:
        """True if it needs every sample (`TestPlan.keep_samples`), not only totals."""
        ...

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        """Open the target; `t0_ns` is the run's start on the monotonic clock.

        Raises:
            PlanError: if it cannot be opened; no load has been offered yet.
        """
        ...

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        """Take one batch, in the order of arrival and never twice.

        `resolve` turns the sending worker's series numbers into series.
        """
        ...

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """Take the sum of a gauge of which each worker holds a part, about once a second.

        No batch has samples of such a gauge. `at_ns` counts from the run's start.
        """
        ...

    def close(self) -> str | None:
        """Flush and let go; a sentence on what is missing, if that makes the run INVALID: a file
        that was asked for is not there."""
        ...


@runtime_checkable
class PatientOutput(Protocol):
    """An output whose `close` may wait for somebody else, for a bounded time, in any thread."""

    def awaited(self) -> str:
        """What `close` waits for, and how long at most, for people; see `hurry`."""
        ...

    def hurry(self) -> None:
        """Nobody has time: `close` is to return now, whether it has begun or not."""
        ...


@runtime_checkable
class ToldOutput(Protocol):
    """An output that the summary lists: those of `--out`."""

    def told(self) -> OutputSummary:
        """What became of it, once closed."""
        ...
