"""Totals of a run by selector, what was cut off in flight beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from atlas_perf.aggregate.censored import together
from atlas_perf.aggregate.series_index import SeriesIndex
from atlas_perf.aggregate.series_table import SeriesTable
from atlas_perf.model.metric import MetricKind
from atlas_perf.model.series import Selector, Tags
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Total, TrendTotal


class SeriesTotals:
    """Reads totals out of the series table."""

    def __init__(
        self, table: SeriesTable, index: SeriesIndex, of_gauge: Callable[[list[int]], Total]
    ) -> None:
        """`of_gauge` adds rows of a gauge up, which takes to know which workers are living."""
        self._table = table
        self._index = index
        self._of_gauge = of_gauge

    def total(self, selector: Selector, *, uncounted_too: bool = False) -> Total | None:
        """See `Snapshot`; with `uncounted_too` as if all phases counted."""
        rows = self._index.rows(selector, uncounted_too=uncounted_too)
        known = self._total_of(selector.metric, rows)
        censored = selector.censored()
        if censored is None:
            return known
        cut_rows = self._index.rows(censored, uncounted_too=uncounted_too)
        return together(known, self._total_of(censored.metric, cut_rows))

    def total_between(self, selector: Selector, first_s: int, end_s: int) -> Total | None:
        """See `Snapshot`; of seconds that have windows of their own."""
        metric = self._index.metrics.get(selector.metric)
        if metric is None:
            return None
        if metric.kind is MetricKind.GAUGE:
            raise ValueError(f"{metric.name} is a gauge and has no total")
        counter = metric.kind is MetricKind.COUNTER
        trend = metric.kind is MetricKind.TREND
        between = self._trend_between if trend else self._counted_between
        rows = self._index.rows(selector, uncounted_too=counter)
        known: Total | None = between(rows, first_s, end_s)
        if metric.kind is MetricKind.RATE and isinstance(known, CounterTotal):
            known = RateTotal(round(known.total), known.samples)
        censored = None if counter else selector.censored()
        if censored is None:
            return known
        return together(known, between(self._index.rows(censored), first_s, end_s))

    def _counted_between(self, rows: list[int], first_s: int, end_s: int) -> Total | None:
        tallies = [self._table.window_tally(rows, second) for second in range(first_s, end_s)]
        samples = sum(tally[0] for tally in tallies)
        return CounterTotal(samples, math.fsum(one[1] for one in tallies)) if samples else None

    def _trend_between(self, rows: list[int], first_s: int, end_s: int) -> Total | None:
        merged = self._table.sketch_between(rows, first_s, end_s)
        return None if merged is None else TrendTotal(merged)

    def totals_by(self, selector: Selector, keys: tuple[str, ...]) -> dict[Tags, Total]:
        """See `Snapshot`."""
        totals = self._known_by(selector, keys)
        censored = selector.censored()
        if censored is not None:
            for tags, cut_off in self._known_by(censored, keys).items():
                both = together(totals.get(tags), cut_off)
                assert both is not None, "something was cut off"
                totals[tags] = both
        return totals

    def _known_by(self, selector: Selector, keys: Iterable[str]) -> dict[Tags, Total]:
        totals = {
            tags: self._total_of(selector.metric, rows)
            for tags, rows in self._index.rows_by(selector, keys).items()
        }
        return {tags: total for tags, total in totals.items() if total is not None}

    def _total_of(self, name: str, candidates: Iterable[int]) -> Total | None:
        metric = self._index.metrics.get(name)
        rows = [row for row in candidates if self._table.samples(row)]
        if metric is None or not rows:
            return None
        match metric.kind:
            case MetricKind.COUNTER:
                return self._table.counter_total(rows)
            case MetricKind.RATE:
                return self._table.rate_total(rows)
            case MetricKind.TREND:
                return self._table.trend_total(rows)
            case MetricKind.GAUGE:
                return self._of_gauge(rows)
