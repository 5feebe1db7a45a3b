"""What a judge sees of a run: totals by selector, at one moment or at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import Metric
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.series import Selector, Series, Tags
from atlas_perf.model.summary import ExceptionSummary, Window, WorkerSummary

NOT_STOPPED_NS = (1 << 63) - 1
"""`Snapshot.offered_ns` of a run whose load came to its planned end."""


class Distribution(Protocol):
    """The read side of a sketch. Values are in the metric's inner unit (time: nanoseconds)."""

    @property
    def count(self) -> int: ...
    @property
    def sum(self) -> float: ...
    @property
    def min(self) -> float: ...
    @property
    def max(self) -> float: ...
    @property
    def relative_accuracy(self) -> float: ...  # bound on a quantile's relative error; 0: exact
    def quantile(self, q: float) -> float: ...


@dataclass(frozen=True, slots=True)
class CounterTotal:
    samples: int
    total: float


@dataclass(frozen=True, slots=True)
class RateTotal:
    passes: int
    samples: int  # known ones
    beyond: int = 0  # tasks that were cut off: each may have become a pass or not


@dataclass(frozen=True, slots=True)
class GaugeTotal:
    samples: int
    value: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Censored:
    """What is known of what was cut off in flight: it would have taken longer."""

    ages: Distribution  # never empty
    with_known: Distribution  # these ages and the values that are known, together


@dataclass(frozen=True, slots=True)
class TrendTotal:
    """A distribution: of what is known and of what is only known to be longer still."""

    distribution: Distribution  # known values; may be empty where something was censored
    censored: Censored | None = None

    @property
    def samples(self) -> int:
        """Values known in full."""
        return self.distribution.count

    @property
    def at_least(self) -> Distribution:
        """A lower bound of every statistic: whatever was cut off counts with its age."""
        return self.distribution if self.censored is None else self.censored.with_known

    @property
    def beyond(self) -> int:
        """How many values are only known to be longer than an age."""
        return 0 if self.censored is None else self.censored.ages.count


Total = CounterTotal | RateTotal | GaugeTotal | TrendTotal


class Snapshot(Protocol):
    """Totals of everything merged so far."""

    @property
    def elapsed_ns(self) -> int:
        """Length of the measured window: from the run's start to the end of the newest interval
        that every living worker has reported, or of the last iteration once the run is over."""
        ...

    @property
    def offered_ns(self) -> int:
        """Until when load was offered, from the run's start: up to `elapsed_ns` while the run goes
        on, to the instant at which it was stopped, or NOT_STOPPED_NS."""
        ...

    @property
    def uncounted_phase(self) -> str | None:
        """The phase whose samples are in totals only where a selector names a phase."""
        ...

    def metrics(self) -> Mapping[str, Metric]:
        """Every metric defined for the run, with or without samples."""
        ...

    def total(self, selector: Selector) -> Total | None:
        """The merge of all series the selector matches; None if none has a sample.

        Of a time with what `Selector.censored` matches beside it. Here and in `totals_by`,
        without those of a phase that the plan leaves out, unless the selector names a phase.
        """
        ...

    def total_between(self, selector: Selector, first_s: int, end_s: int) -> Total | None:
        """`total` of the seconds from `first_s` to before `end_s`, counted from the run's start.

        Of a counter, rate or trend, and only while these seconds are windows of their own. Of a
        counter all that happened then, also in iterations that began in a phase left out.

        Raises:
            ValueError: for a gauge, or for seconds that have been merged into longer windows.
        """
        ...

    def gauge_within(self, selector: Selector, times_ns: Sequence[tuple[int, int]]) -> Total | None:
        """`total` of a gauge of which each worker holds a part, in windows that lie in these times
        as a whole; `value` is the last of them. None if there is no such window."""
        ...

    def totals_by(self, selector: Selector, keys: Iterable[str]) -> Mapping[Tags, Total]:
        """`total` split by the values of these tags, in the order their series came.

        A series that lacks a key is counted under the combination without it.
        """
        ...

    def series(self, metric: str) -> Iterable[Series]:
        """The series of a metric that have samples."""
        ...

    def ledger(self) -> Mapping[str, Ledger]:
        """By scenario, summed over workers."""
        ...

    def windows(self) -> tuple[Window, ...]:
        """One entry per second that at least one worker has reported, in order."""
        ...

    def workers(self) -> tuple[WorkerSummary, ...]:
        """What each worker sent, lost and said about itself."""
        ...

    def exceptions(self) -> tuple[ExceptionSummary, ...]:
        """Exceptions that ended iterations, most frequent first."""
        ...

    def requests(self) -> tuple[RequestSample, ...]:
        """Some requests by themselves: failures of each kind, then the slowest of the others."""
        ...
