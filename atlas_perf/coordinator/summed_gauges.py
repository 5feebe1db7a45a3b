"""Gauges of which every worker holds a part, put together: one point a second, as k6 writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.batch import Batch, GaugeDelta, NewSeries
from atlas_perf.model.metric import AcrossWorkers
from atlas_perf.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class GaugePoint:
    """What a summed gauge was over all workers, and when the last of them set its part."""

    series: NewSeries  # as the worker that set it last names it
    at_ns: int  # since the run's start
    value: float


class SummedGauges:
    """Waits for every worker's part of a second."""

    def __init__(self) -> None:
        self._set: dict[int, dict[str, tuple[NewSeries, int]]] = {}

    def take(self, batch: Batch, aggregator: Aggregator) -> None:
        """Note which of them a batch sets, after it was merged."""
        for delta in batch.deltas:
            if not isinstance(delta, GaugeDelta):
                continue
            series = aggregator.resolve(batch.worker, delta.number)
            if series.metric.across_workers is AcrossWorkers.SUM:
                of_second = self._set.setdefault(batch.interval, {})
                _, last_at_ns = of_second.get(str(series.series), (series, delta.last_at_ns))
                at_ns = max(last_at_ns, delta.last_at_ns)
                of_second[str(series.series)] = (series, at_ns)

    def complete(self, aggregator: Aggregator) -> Iterator[GaugePoint]:
        """The points of seconds that every living worker has reported, each once."""
        return self._points(aggregator, aggregator.elapsed_ns // NS_PER_S)

    def rest(self, aggregator: Aggregator) -> Iterator[GaugePoint]:
        """All other points, once no more batches come."""
        return self._points(aggregator, max(self._set, default=0) + 1)

    def _points(self, aggregator: Aggregator, end: int) -> Iterator[GaugePoint]:
        for second in sorted(second for second in self._set if second < end):
            for series, at_ns in self._set.pop(second).values():
                level = aggregator.gauge_level(series.series, second)
                yield GaugePoint(series, at_ns, level)
