"""What is counted by second, where a worker may send that of several seconds at one go.

A worker whose pipe is full leaves its interval open, and one whose event loop was late closes it
late. Samples of such a batch are in the window of its newest second, as nothing else is known of
them; a rate made of that would be several times the real one. Here what a batch counts is spread
evenly over the time that it covers:

    second            0         1         2         3         4
    batches           ├─ 100 ───┼─ 100 ───┼────────── 300 ──────────────┤
    windows               100       100                           300
    spread                100       100       100       100       100
"""

from __future__ import annotations

from collections.abc import Mapping

from atlas_perf.aggregate.window_grid import WindowGrid
from atlas_perf.model.batch import Batch, CounterDelta, NewSeries
from atlas_perf.units import NS_PER_S

_HTTP = "http_reqs"
_SERVED = (_HTTP, "ws_sessions", "ws_msgs_sent")
"""What a target has to serve: requests, sessions that begin, and messages sent to it."""

_SPREAD = (*_SERVED, "ws_msgs_received", "sse_events", "tasks_ended")

_PARTS = 1_000_000
"""Of one that is counted."""


class RequestRates:
    """Fed with every batch once, after its series are known."""

    def __init__(self, grid: WindowGrid) -> None:
        self._counted = {metric: _Spread(grid) for metric in _SPREAD}

    def add(self, batch: Batch, known: Mapping[int, NewSeries]) -> None:
        """Spread what a batch counts; `known` are the worker's series by number."""
        begin_ns, end_ns = batch.covers_ns
        counts: dict[str, int] = {}
        for delta in batch.deltas:
            if isinstance(delta, CounterDelta):
                name = known[delta.number].metric.name
                counts[name] = counts.get(name, 0) + round(delta.total)
        for name in counts.keys() & self._counted.keys():
            self._counted[name].add(counts[name], begin_ns, end_ns)

    def of(self, metric: str, window: int) -> float:
        """A counter in a window, which is named by its first second.

        Raises:
            KeyError: it is none of those that are spread.
        """
        return self._counted[metric].of(window)

    def http_requests(self, window: int) -> float:
        """HTTP requests of a window."""
        return self.of(_HTTP, window)

    def all_requests(self, window: int) -> float:
        """Those of WebSockets too."""
        return sum(self.of(metric, window) for metric in _SERVED)

    def coarsen(self) -> None:
        """Older windows of the grid have become longer."""
        for spread in self._counted.values():
            spread.coarsen()


class _Spread:
    """Counts by window, in whole parts, whose sums are the same in any order."""

    def __init__(self, grid: WindowGrid) -> None:
        self._grid = grid
        self._parts: dict[int, int] = {}

    def of(self, window: int) -> float:
        return self._parts.get(window, 0) / _PARTS

    def add(self, count: int, begin_ns: int, end_ns: int) -> None:
        before = 0
        for second in range(begin_ns // NS_PER_S, (end_ns - 1) // NS_PER_S + 1):
            passed_ns = min(end_ns, (second + 1) * NS_PER_S) - begin_ns
            so_far = count * _PARTS * passed_ns // (end_ns - begin_ns)
            self._add(second, so_far - before)
            before = so_far

    def coarsen(self) -> None:
        finer, self._parts = self._parts, {}
        for second, parts in finer.items():
            self._add(second, parts)

    def _add(self, second: int, parts: int) -> None:
        if parts:
            window = self._grid.window_of(second)
            self._parts[window] = self._parts.get(window, 0) + parts
