"""Which row of the series table holds which series, and which rows a selector means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atlas_perf.aggregate.series_table import SeriesTable
from atlas_perf.model.metric import BUILTIN_METRICS, Metric
from atlas_perf.model.series import (
    CHECKS_CAP,
    OTHER_TAGS,
    Selector,
    Series,
    Tags,
    check_of,
    other_tags,
)


class SeriesIndex:
    """Metrics and series of a run. Beyond `series_cap` series share an `(other)` row per metric,
    and so do checks beyond `CHECKS_CAP`: each worker may have met others.

    Raises:
        ValueError: if two metrics of one name differ.
    """

    def __init__(
        self,
        metrics: Iterable[Metric],
        table: SeriesTable,
        series_cap: int,
        uncounted_phase: str | None = None,
    ) -> None:
        self._table = table
        self._uncounted_phase = uncounted_phase
        self._series_cap = series_cap
        self._metrics = dict(BUILTIN_METRICS)
        self._rows: dict[Series, int] = {}
        self._series_by_metric: dict[str, list[Series]] = {}
        self._selections: dict[str, dict[tuple[Selector, bool], list[int]]] = {}
        self._checks: set[Tags] = set()
        self.overflowed = False
        for metric in metrics:
            self.define(metric)

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return self._metrics

    def contradicts(self, metric: Metric) -> bool:
        """True if another metric has this name."""
        return self._metrics.get(metric.name, metric) != metric

    def define(self, metric: Metric) -> None:
        """Make a metric known.

        Raises:
            ValueError: if another metric has its name.
        """
        if self.contradicts(metric):
            raise ValueError(f"the metric {metric.name!r} is already defined differently")
        self._metrics[metric.name] = metric

    def row_of(self, metric: Metric, series: Series) -> int:
        """The row of a series, made if it is new."""
        row = self._rows.get(series)
        if row is not None:
            return row
        if len(self._rows) < self._series_cap and not self._is_check_too_many(series):
            return self._make_row(metric, series)
        self.overflowed = True
        other = Series(series.metric, other_tags(series.tags))
        if other not in self._rows and len(self._rows) >= 2 * self._series_cap:
            # The kept tags are unbounded too if a scenario sets them itself.
            other = Series(series.metric, OTHER_TAGS)
        row = self._rows.get(other)
        return self._make_row(metric, other) if row is None else row

    @property
    def checks_capped(self) -> bool:
        """True once there are as many checks as are kept apart."""
        return len(self._checks) >= CHECKS_CAP

    def rows(self, selector: Selector, *, uncounted_too: bool = False) -> list[int]:
        """Rows of the series that a selector means, with or without samples.

        Not those of the uncounted phase, unless it names a phase or they are asked for.
        """
        selections = self._selections.setdefault(selector.metric, {})
        rows = selections.get((selector, uncounted_too))
        if rows is None:
            every = self._series_by_metric.get(selector.metric, ())
            rows = [
                self._rows[series]
                for series in every
                if self._means(selector, series, uncounted_too)
            ]
            selections[selector, uncounted_too] = rows
        return rows

    def _means(self, selector: Selector, series: Series, uncounted_too: bool) -> bool:
        return selector.matches(series) and (
            uncounted_too or not selector.passes_over(series, self._uncounted_phase)
        )

    def rows_by(self, selector: Selector, keys: Iterable[str]) -> Mapping[Tags, list[int]]:
        """`rows` split by the values of these tags; a tag that a series lacks is left out."""
        wanted = frozenset(keys)
        groups: dict[Tags, list[int]] = {}
        for series in self._series_by_metric.get(selector.metric, ()):
            if self._means(selector, series, uncounted_too=False):
                group = tuple(pair for pair in series.tags if pair[0] in wanted)
                groups.setdefault(group, []).append(self._rows[series])
        return groups

    def all_rows(self, metric: str) -> list[int]:
        """Rows of every series of a metric."""
        return [self._rows[series] for series in self._series_by_metric.get(metric, ())]

    def series(self, metric: str) -> list[Series]:
        """The series of a metric that have samples, in the order they came."""
        every = self._series_by_metric.get(metric, ())
        return [series for series in every if self._table.samples(self._rows[series])]

    def _is_check_too_many(self, series: Series) -> bool:
        if series.metric != "checks":
            return False
        check = check_of(series.tags)
        if check in self._checks or check == check_of(other_tags(series.tags)):
            return False
        if self.checks_capped:
            return True
        self._checks.add(check)
        return False

    def _make_row(self, metric: Metric, series: Series) -> int:
        row = self._table.add_row(metric)
        self._rows[series] = row
        self._series_by_metric.setdefault(series.metric, []).append(series)
        for (selector, uncounted_too), rows in self._selections.get(series.metric, {}).items():
            if self._means(selector, series, uncounted_too):
                rows.append(row)
        return row
