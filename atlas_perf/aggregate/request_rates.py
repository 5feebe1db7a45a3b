"""Requests by second, where a worker may send those of several seconds at one go.

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

_HTTP = frozenset({"http_reqs"})
_WEBSOCKETS = frozenset({"ws_sessions", "ws_msgs_sent"})
"""What a target has to serve besides HTTP: sessions that begin, and messages sent to it."""

_PARTS = 1_000_000
"""Of a request."""


class RequestRates:
    """Fed with every batch once, after its series are known."""

    def __init__(self, grid: WindowGrid) -> None:
        self._http = _Spread(grid)
        self._websockets = _Spread(grid)

    def add(self, batch: Batch, known: Mapping[int, NewSeries]) -> None:
        """Spread what a batch counts; `known` are the worker's series by number."""
        begin_ns, end_ns = batch.covers_ns
        http = websockets = 0
        for delta in batch.deltas:
            if isinstance(delta, CounterDelta):
                name = known[delta.number].metric.name
                http += round(delta.total) if name in _HTTP else 0
                websockets += round(delta.total) if name in _WEBSOCKETS else 0
        self._http.add(http, begin_ns, end_ns)
        self._websockets.add(websockets, begin_ns, end_ns)

    def http_requests(self, window: int) -> float:
        """HTTP requests of a window, which is named by its first second."""
        return self._http.of(window)

    def all_requests(self, window: int) -> float:
        """Those of WebSockets too."""
        return self._http.of(window) + self._websockets.of(window)

    def coarsen(self) -> None:
        """Older windows of the grid have become longer."""
        self._http.coarsen()
        self._websockets.coarsen()


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
