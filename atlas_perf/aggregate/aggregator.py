"""The aggregator: batches of all workers become run totals and one-second windows.

Two rules hold at every moment. A batch counts once: a repeated (worker, sequence) changes nothing
and a missing one is remembered. And a batch counts whole or not at all: it is checked before any
of it is merged. So batches of different workers may come in any order, and those of one worker in
any order after the one that first names their series.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence

from atlas_perf.aggregate.pulse import Pulse
from atlas_perf.aggregate.request_rates import RequestRates
from atlas_perf.aggregate.series_index import SeriesIndex
from atlas_perf.aggregate.series_table import SeriesTable
from atlas_perf.aggregate.series_totals import SeriesTotals
from atlas_perf.aggregate.window_grid import WindowGrid
from atlas_perf.aggregate.window_values import WindowValues
from atlas_perf.aggregate.worker_record import WorkerRecord
from atlas_perf.aggregate.worker_records import WorkerRecords
from atlas_perf.model.batch import Batch, CounterDelta, Ledger, NewSeries, ScenarioException
from atlas_perf.model.metric import BUILTIN_METRICS, FORGOTTEN_AWAITS, Metric, MetricKind
from atlas_perf.model.plan import LONGEST_RUN_S
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.series import Selector, Series, Tags, tags_of
from atlas_perf.model.snapshot import NOT_STOPPED_NS, GaugeTotal, Total
from atlas_perf.model.summary import ExceptionSummary, Window, WorkerSummary
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.errors import WireError

MAX_INTERVAL = LONGEST_RUN_S

MAX_GAP = 100_000
"""Most batches that can be missing at once; a batch further ahead is damaged."""


class Aggregator:
    """Everything merged so far; a `model.snapshot.Snapshot` at any moment.

    Memory grows with series × windows, both bounded: beyond `series_cap` series samples go to
    `(other)` series and `series_overflowed` becomes true; beyond `max_windows` older windows are
    merged pairwise (see `WindowGrid`), and `Window.length_s` tells.

    Raises:
        ValueError: if two metrics of one name differ, or there is no worker.
    """

    def __init__(
        self,
        metrics: Iterable[Metric],
        workers: int,
        *,
        series_cap: int = 50_000,
        max_windows: int = 3600,
        uncounted_phase: str | None = None,
    ) -> None:
        """Samples of `uncounted_phase` are in the windows, and in totals of selectors that name a
        phase: nowhere else.
        """
        self.uncounted_phase = uncounted_phase
        self._workers = WorkerRecords(workers)
        self._table = SeriesTable(workers)
        self._index = SeriesIndex(metrics, self._table, series_cap, uncounted_phase)
        self._grid = WindowGrid(max_windows)
        self._pulses: dict[int, Pulse] = {}
        self._rates = RequestRates(self._grid)
        self._totals = SeriesTotals(self._table, self._index, self._gauge_total)
        self._values = WindowValues(self._table, self._index, self._rates)
        self._windows: dict[int, Window] = {}  # read before, still true before `_stale_from`
        self._stale_from = 0
        self._stopped_ns: int | None = None

    # Merging

    def merge(self, batch: Batch) -> bool:
        """Count a batch; False if it had been counted before.

        Raises:
            WireError: if it cannot be one of this run's batches. Nothing of it is counted then.
        """
        worker = self._workers[batch.worker]
        if worker.received.holds(batch.sequence):
            return False
        try:
            self._check(worker, batch)
        except ValueError as error:
            raise WireError(
                f"batch {batch.sequence} of worker {batch.worker} cannot be counted: {error}"
            ) from None
        self._learn_series(worker, batch.new_series)
        if self._grid.admit(batch.interval):
            self._coarsen()
        window = self._grid.window_of(batch.interval)
        for delta in batch.deltas:
            self._table.merge(worker.rows[delta.number], worker.index, window, delta)
        self._pulses.setdefault(window, Pulse()).add(batch.worker, batch.health)
        self._rates.add(batch, worker.known_series)
        first = self._grid.window_of(batch.covers_ns[0] // NS_PER_S)
        self._stale_from = min(self._stale_from, window, first)
        worker.receive(batch)
        return True

    def _last_windows(self) -> list[int]:
        """The window after which each worker's part of a summed gauge is nothing."""
        return [
            MAX_INTERVAL
            if worker.living
            else self._grid.window_of(max(worker.received.last_interval, 0))
            for worker in self._workers
        ]

    def mark_lost(self, worker: int, reason: str) -> None:
        """No more batches will come from a worker; the first reason given stays."""
        record = self._workers[worker]
        record.lost = record.lost or reason
        self._stale_from = min(self._stale_from, max(record.received.last_interval, 0))

    def mark_stopped(self, at_ns: int) -> None:
        """The load is offered no longer, before the plan's end: this long after the run's start.

        The first instant given stays.
        """
        if self._stopped_ns is None:
            self._stopped_ns = at_ns

    def add_of_teardown(
        self, strays: Sequence[ScenarioException], forgotten: int, tags: Mapping[str, str]
    ) -> None:
        """Count what teardown left undone, after every batch, as in the run's last second.

        Args:
            strays: errors of tasks that nobody awaited, and forgotten awaits by place.
            forgotten: how many awaits, whose samples carry `tags`.
        """
        self._workers.of_teardown = tuple(strays)
        if forgotten:
            metric = BUILTIN_METRICS[FORGOTTEN_AWAITS]
            self._index.define(metric)
            series = Series(metric.name, tags_of({**tags, "scenario": "teardown"}))
            row = self._index.row_of(metric, series)
            window = self._grid.window_of(max(0, self._workers.newest))
            self._table.merge(row, 0, window, CounterDelta(0, forgotten, float(forgotten)))

    def finish(self) -> None:
        """The run is over: a worker that sent no last batch is lost."""
        for worker in self._workers:
            if worker.living:
                worker.lost = "it ended without its last batch"

    def _check(self, worker: WorkerRecord, batch: Batch) -> None:
        if not 0 <= batch.interval <= MAX_INTERVAL:
            raise ValueError(f"no run has an interval {batch.interval}")
        if not 0 <= batch.sequence <= worker.received.last_sequence + MAX_GAP:
            raise ValueError(f"the last one was number {worker.received.last_sequence}")
        from_ns, until_ns = batch.covers_ns
        if not from_ns < until_ns <= (batch.interval + 2) * NS_PER_S:
            raise ValueError(f"it covers the time from {from_ns} to {until_ns} ns")
        refusal = worker.refusal(batch)
        if refusal is not None:
            raise ValueError(refusal)
        named_here: dict[int, NewSeries] = {}
        known = ChainMap(named_here, worker.known_series)
        for new in batch.new_series:
            if self._index.contradicts(new.metric) or new.series.metric != new.metric.name:
                raise ValueError(f"the metric {new.metric.name!r} is defined differently here")
            if known.get(new.number, new) != new:
                raise ValueError(f"it gives the number {new.number} to a second series")
            named_here[new.number] = new
        for delta in batch.deltas:
            if delta.number not in known:
                raise ValueError(f"it never said what series {delta.number} is")
            self._table.check(known[delta.number].metric, delta)

    def _learn_series(self, worker: WorkerRecord, new_series: Sequence[NewSeries]) -> None:
        for new in new_series:
            self._index.define(new.metric)
            worker.known_series[new.number] = new
            worker.rows[new.number] = self._index.row_of(new.metric, new.series)

    def _coarsen(self) -> None:
        self._table.coarsen(self._grid.fine_from, self._grid.width)
        finer, self._pulses = self._pulses, {}
        for second, pulse in finer.items():
            self._pulses.setdefault(self._grid.window_of(second), Pulse()).merge(pulse)
        self._rates.coarsen()
        self._windows.clear()
        self._stale_from = 0

    # The snapshot

    @property
    def elapsed_ns(self) -> int:
        return self._workers.elapsed_ns

    @property
    def offered_ns(self) -> int:
        ends = [] if self._stopped_ns is None else [self._stopped_ns]
        if self._workers.any_living:
            ends.append(self.elapsed_ns)
        return min(ends, default=NOT_STOPPED_NS)

    @property
    def newest_complete_second(self) -> int:
        """The newest second of the run that every living worker has reported, or -1."""
        return self._workers.newest_complete

    def requests_in(self, second: int) -> float:
        """HTTP requests of a second, with WebSockets opened and messages sent; those of a worker
        that sent several seconds at one go are spread over these."""
        return self._rates.all_requests(second)

    def counted_per_s(self, metric: str, window: Window) -> float:
        """A counter's rate in a window, spread as `Window.requests_per_s` is.

        Raises:
            KeyError: nobody asks for this one by the second.
        """
        return self._rates.of(metric, window.second) / window.length_s

    @property
    def is_consistent_cut(self) -> bool:
        """True if totals and `elapsed_ns` speak of the same seconds.

        Totals hold every batch that has come, `elapsed_ns` ends where the slowest living worker
        does: while another is ahead of it, a rate per second reads too high.
        """
        workers = self._workers
        return not workers.any_living or workers.newest == workers.newest_complete

    def metrics(self) -> Mapping[str, Metric]:
        return self._index.metrics

    def total(self, selector: Selector, *, uncounted_too: bool = False) -> Total | None:
        """See `Snapshot`; with `uncounted_too` as if all phases counted."""
        return self._totals.total(selector, uncounted_too=uncounted_too)

    def total_between(self, selector: Selector, first_s: int, end_s: int) -> Total | None:
        if first_s < self._grid.fine_from:
            raise ValueError(f"second {first_s} is part of a longer window by now")
        return self._totals.total_between(selector, first_s, end_s)

    def gauge_within(self, selector: Selector, times_ns: Sequence[tuple[int, int]]) -> Total | None:
        windows = [
            window
            for window in self._complete_windows()
            for begin_ns, end_ns in times_ns
            if begin_ns <= window * NS_PER_S
            and (window + self._grid.length_s(window)) * NS_PER_S <= end_ns
        ]
        rows = [row for row in self._index.rows(selector) if self._table.samples(row)]
        if not rows or not windows:
            return None
        return self._table.gauge_total(rows, windows, max(windows), self._last_windows())

    def totals_by(self, selector: Selector, keys: Iterable[str]) -> dict[Tags, Total]:
        return self._totals.totals_by(selector, tuple(keys))

    def series(self, metric: str) -> list[Series]:
        return self._index.series(metric)

    def ledger(self) -> Mapping[str, Ledger]:
        return self._workers.ledger()

    def windows(self) -> tuple[Window, ...]:
        ends = self._last_windows()
        for second, pulse in self._pulses.items():
            if second >= self._stale_from or second not in self._windows:
                length_s = self._grid.length_s(second)
                self._windows[second] = self._values.window(second, length_s, pulse, ends)
        self._stale_from = MAX_INTERVAL + 1
        return tuple(self._windows[second] for second in sorted(self._windows))

    def workers(self) -> tuple[WorkerSummary, ...]:
        return self._workers.summaries(self._pulses)

    def exceptions(self) -> tuple[ExceptionSummary, ...]:
        return self._workers.exceptions()

    def requests(self) -> tuple[RequestSample, ...]:
        return self._workers.requests()

    # What outputs and the report ask for besides

    def resolve(self, worker: int, number: int) -> NewSeries:
        """The series that a worker means by a number.

        Raises:
            WireError: if the worker has not named it.
        """
        known = self._workers[worker].known_series
        if number not in known:
            raise WireError(f"worker {worker} never said what series {number} is")
        return known[number]

    def window_sketch(self, selector: Selector, second: int) -> Sketch | None:
        """A trend's distribution in the window that `second` belongs to; None without a sample.

        Raises:
            ValueError: if the metric is no trend.
        """
        metric = self._index.metrics.get(selector.metric)
        if metric is None or metric.kind is not MetricKind.TREND:
            raise ValueError(f"{selector.metric} is no trend and has no distribution")
        return self._table.window_sketch(self._index.rows(selector), self._grid.window_of(second))

    def gauge_level(self, series: Series, second: int) -> float:
        """A gauge that adds up over workers, at the end of a second: the newest values together."""
        row = self._index.row_of(self._index.metrics[series.metric], series)
        window = self._grid.window_of(second)
        return self._table.level([row], window, self._last_windows())

    @property
    def history_bytes(self) -> int:
        """Memory that the windows of all series hold."""
        return self._table.history_bytes

    @property
    def series_overflowed(self) -> bool:
        """True once samples went to an `(other)` series for lack of room."""
        return self._index.overflowed

    @property
    def checks_capped(self) -> bool:
        """True once as many distinct checks were met as are kept apart."""
        return self._index.checks_capped

    def collapsed_metrics(self) -> tuple[str, ...]:
        """Trends whose values spread too far for their quantiles to hold the accuracy promised."""
        return tuple(
            name
            for name, metric in self._index.metrics.items()
            if metric.kind is MetricKind.TREND
            and any(map(self._table.collapsed, self._index.all_rows(name)))
        )

    def _gauge_total(self, rows: list[int]) -> GaugeTotal:
        return self._table.gauge_total(
            rows, self._complete_windows(), max(self._pulses), self._last_windows()
        )

    def _complete_windows(self) -> list[int]:
        """Windows that no living worker will add to; all of them as long as there is none."""
        newest = self._workers.newest_complete
        complete = [window for window in self._pulses if window <= newest]
        return complete or list(self._pulses)
