"""A snapshot that keeps every value, so that a judge's numbers can be checked by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import BUILTIN_METRICS, Metric, MetricKind
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.series import Selector, Series, Tags, tags_of
from atlas_perf.model.snapshot import (
    NOT_STOPPED_NS,
    Censored,
    CounterTotal,
    GaugeTotal,
    RateTotal,
    Total,
    TrendTotal,
)
from atlas_perf.model.summary import ExceptionSummary, Window, WorkerSummary
from atlas_perf.units import NS_PER_MS, NS_PER_S

DONE = {"api": Ledger(10, 10, 0, 10, 0, 0)}


@dataclass(frozen=True)
class ExactDistribution:
    values: tuple[float, ...]
    relative_accuracy: float = 0.0

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def sum(self) -> float:
        return sum(self.values)

    @property
    def min(self) -> float:
        return min(self.values)

    @property
    def max(self) -> float:
        return max(self.values)

    def quantile(self, q: float) -> float:
        rank, fraction = divmod(q * (len(self.values) - 1), 1)
        low, high = [*sorted(self.values), self.max][int(rank) : int(rank) + 2]
        return low + fraction * (high - low)


@dataclass
class ExactSnapshot:
    """Fill it with `add`; times are given in milliseconds."""

    elapsed_ns: int = 10 * NS_PER_S
    offered_ns: int = NOT_STOPPED_NS
    uncounted_phase: str | None = None
    relative_accuracy: float = 0.0
    extra: tuple[Metric, ...] = ()
    ledgers: Mapping[str, Ledger] = field(default_factory=lambda: dict(DONE))
    worker_list: tuple[WorkerSummary, ...] = ()
    window_list: tuple[Window, ...] = ()
    exception_list: tuple[ExceptionSummary, ...] = ()
    request_list: tuple[RequestSample, ...] = ()
    data: dict[Series, list[float]] = field(default_factory=dict)
    seconds: dict[int, ExactSnapshot] = field(default_factory=dict)

    def add(self, metric: str, *values: float, **tags: str) -> ExactSnapshot:
        self.data.setdefault(Series(metric, tags_of(tags)), []).extend(values)
        return self

    def add_ms(self, metric: str, *values_ms: float, **tags: str) -> ExactSnapshot:
        return self.add(metric, *(value * NS_PER_MS for value in values_ms), **tags)

    def metrics(self) -> Mapping[str, Metric]:
        return {**BUILTIN_METRICS, **{metric.name: metric for metric in self.extra}}

    def series(self, metric: str) -> Iterable[Series]:
        return [series for series in self.data if series.metric == metric]

    def total(self, selector: Selector) -> Total | None:
        return self._with_censored(selector, self._matching(selector))

    def second(self, number: int) -> ExactSnapshot:
        """The samples of one second, filled with `add` as well and not part of `total`."""
        return self.seconds.setdefault(number, ExactSnapshot(extra=self.extra))

    def total_between(self, selector: Selector, first_s: int, end_s: int) -> Total | None:
        counter = self.metrics()[selector.metric].kind is MetricKind.COUNTER
        merged = ExactSnapshot(
            extra=self.extra, uncounted_phase=None if counter else self.uncounted_phase
        )
        for number in range(first_s, end_s):
            for series, values in self.second(number).data.items():
                merged.data.setdefault(series, []).extend(values)
        return merged.total(selector)

    def totals_by(self, selector: Selector, keys: Iterable[str]) -> Mapping[Tags, Total]:
        groups: dict[Tags, list[Series]] = {}
        for series in self._matching(selector):
            tags = tuple(pair for pair in series.tags if pair[0] in keys)
            groups.setdefault(tags, []).append(series)
        totals = {tags: self._total_of(group, selector.metric) for tags, group in groups.items()}
        censored = selector.censored()
        if censored is not None:
            for tags, cut in self.totals_by(censored, keys).items():
                totals[tags] = self._together(totals.get(tags), cut)
        return totals

    def _with_censored(self, selector: Selector, matching: list[Series]) -> Total | None:
        known = self._total_of(matching, selector.metric)
        censored = selector.censored()
        return known if censored is None else self._together(known, self.total(censored))

    def _together(self, known: Total | None, cut: Total | None) -> Total | None:
        if cut is None:
            return known
        if isinstance(cut, CounterTotal):
            share = known or RateTotal(0, 0)
            return RateTotal(share.passes, share.samples, beyond=round(cut.total))
        values = () if known is None else known.distribution.values
        ages = cut.distribution.values
        both = ExactDistribution((*values, *ages), self.relative_accuracy)
        return TrendTotal(
            ExactDistribution(values, self.relative_accuracy), Censored(cut.distribution, both)
        )

    def _matching(self, selector: Selector) -> list[Series]:
        return [
            series
            for series in self.data
            if selector.matches(series) and not selector.passes_over(series, self.uncounted_phase)
        ]

    def _total_of(self, matching: list[Series], metric: str) -> Total | None:
        values = [value for series in matching for value in self.data[series]]
        if not values:
            return None
        match self.metrics()[metric].kind:
            case MetricKind.COUNTER:
                return CounterTotal(len(values), sum(values))
            case MetricKind.RATE:
                return RateTotal(sum(value != 0 for value in values), len(values))
            case MetricKind.GAUGE:
                return GaugeTotal(len(values), values[-1], min(values), max(values))
            case MetricKind.TREND:
                return TrendTotal(ExactDistribution(tuple(values), self.relative_accuracy))

    def ledger(self) -> Mapping[str, Ledger]:
        return self.ledgers

    def windows(self) -> tuple[Window, ...]:
        return self.window_list

    def workers(self) -> tuple[WorkerSummary, ...]:
        return self.worker_list

    def exceptions(self) -> tuple[ExceptionSummary, ...]:
        return self.exception_list

    def requests(self) -> tuple[RequestSample, ...]:
        return self.request_list


def worker(index: int = 0, **changes: object) -> WorkerSummary:
    plain = {
        "batches": 10,
        "missing_intervals": (),
        "lost": None,
        "cpu_share": 0.4,
        "loop_lag_max_ms": 2.0,
        "peak_rss_bytes": 60_000_000,
        "refused_samples": 0,
        "overflowed_samples": 0,
    }
    return WorkerSummary(index, **{**plain, **changes})
