"""Batches of all workers become periods of one second or more, each given away once.

A period is complete once every worker has reported its last second. A worker that is far behind
the others is not waited for: what it sends later is part of a later period. So nothing is counted
twice or left out, whatever the order of batches.

A period is dated at its end: a whole number of seconds, but of the last one the instant at which
the last worker closed it, so that nothing comes from the future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import ceil

from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    Delta,
    GaugeDelta,
    NewSeries,
    RateDelta,
    TrendDelta,
)
from atlas_perf.model.metric import AcrossWorkers, Metric
from atlas_perf.model.series import Tags, other_tags, tags_of
from atlas_perf.outputs.generator_metrics import CPU, GENERATOR_LEVELS, worker_tags
from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

PATIENCE_S = 5
"""A worker that is this far behind the foremost one is not waited for."""

TEST_TAG = "test"
"""Tag of live outputs that holds the scenario file's name, unless samples have one so named."""

SERIES_CAP = 5_000
"""Most series that live outputs keep apart; further ones become `(other)` series."""

_LEAST_NS = NS_PER_MS
"""Between two dates, as some receivers know milliseconds only and take none twice."""

_ENDED = 1 << 62


class Periods:
    """The periods of one run, in order.

    Args:
        workers: how many report.
        length_s: seconds of a period.
        lent_tags: which every series has that does not say them itself.
    """

    def __init__(
        self,
        workers: int,
        length_s: int,
        series_cap: int = SERIES_CAP,
        lent_tags: Mapping[str, str] | None = None,
    ) -> None:
        self._length_s = length_s
        self._length_ns = length_s * NS_PER_S
        self._lent_tags = lent_tags or {}
        self._cap = series_cap
        self._reported = dict.fromkeys(range(workers), -1)
        self._open: dict[int, Period] = {}
        self._next = 0  # periods before this one were given away
        self._series: dict[tuple[str, Tags], OutputSeries] = {}
        self._numbers: dict[tuple[int, int], OutputSeries] = {}
        self.folded = False  # True once series had to share one for lack of room

    def add(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        """Count a batch, in the order of arrival and never twice."""
        _, until_ns = batch.covers_ns
        period = self._at(batch.interval, until_ns)
        for delta in batch.deltas:
            self._count(period, self._of(batch.worker, delta.number, resolve), delta)
        tags = worker_tags(batch.worker)
        for metric, read in GENERATOR_LEVELS.items():
            level = read(batch.health)
            period.level(self._named(metric, tags), batch.interval * NS_PER_S, level)
        period.count(self._named(CPU, tags), batch.health.cpu_ns)
        self._reported[batch.worker] = _ENDED if batch.last else batch.interval

    def add_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """Take the sum of a gauge over workers."""
        period = self._at(max(0, at_ns) // NS_PER_S, at_ns)
        period.level(self._named(metric, tags), at_ns, value)

    def complete(self) -> Iterator[Period]:
        """Those that all have reported, the oldest first."""
        ended = [second for second in self._reported.values() if second < _ENDED]
        slowest = min(ended, default=_ENDED)
        foremost = max(ended, default=_ENDED)
        end_s = max(slowest, foremost - PATIENCE_S) + 1
        yield from self._until(end_s // self._length_s)

    def rest(self) -> Iterator[Period]:
        """All others, once no more batches come."""
        yield from self._until(_ENDED)

    def _until(self, end: int) -> Iterator[Period]:
        for number in sorted(number for number in self._open if number < end):
            self._next = number + 1
            period = self._open.pop(number)
            period.seconds = ceil((period.end_ns - number * self._length_ns) / NS_PER_S)
            yield period

    def _at(self, second: int, until_ns: int) -> Period:
        """The period of a second, which has lasted until then at least."""
        number = max(second // self._length_s, self._next)
        begin_ns = number * self._length_ns
        if number not in self._open:
            self._open[number] = Period(begin_ns + _LEAST_NS, self._length_s)
        period = self._open[number]
        period.end_ns = max(period.end_ns, min(until_ns, begin_ns + self._length_ns))
        return period

    def _count(self, period: Period, series: OutputSeries, delta: Delta) -> None:
        match delta:
            case CounterDelta(total=total):
                period.count(series, total)
            case RateDelta(passes=passes, samples=samples):
                period.tally(series, passes, samples)
            case TrendDelta(sketch=packed):
                period.spread(series, Sketch.from_bytes(packed))
            case GaugeDelta(last=last, last_at_ns=at_ns):
                # Each worker holds but a part of the others, whose sum comes by `add_gauge`.
                if series.metric.across_workers is AcrossWorkers.LAST:
                    period.level(series, at_ns, last)

    def _of(self, worker: int, number: int, resolve: Callable[[int], NewSeries]) -> OutputSeries:
        series = self._numbers.get((worker, number))
        if series is None:
            new = resolve(number)
            series = self._named(new.metric, new.series.tags)
            self._numbers[worker, number] = series
        return series

    def _named(self, metric: Metric, tags: Tags) -> OutputSeries:
        series = self._series.get((metric.name, tags))
        if series is not None:
            return series
        if len(self._series) >= self._cap:
            self.folded = True
            tags = other_tags(tags)
        told = {_encodable(key): _encodable(value) for key, value in tags}
        shown = tags_of({**self._lent_tags, **told})
        return self._series.setdefault((metric.name, tags), OutputSeries(metric, shown))


def _encodable(text: str) -> str:
    """Without lone surrogates, which no receiver's UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode()
