"""The latencies of a whole run in one sketch, for a report that draws their distribution."""

from __future__ import annotations

from collections.abc import Callable

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, NewSeries, TrendDelta
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Tags
from atlas_perf.sketch.ddsketch import Sketch


class LatencyTotal:
    """An output that keeps what one selector matches; values are in nanoseconds.

    Like `http_req_duration` in a threshold, the default speaks of successful requests only.
    """

    wants_samples = False

    def __init__(self, selector: Selector | None = None) -> None:
        self.sketch = Sketch()
        self._selector = selector or Selector("http_req_duration")

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        """Nothing to open."""

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        for delta in batch.deltas:
            if isinstance(delta, TrendDelta) and self._selector.matches(
                resolve(delta.number).series
            ):
                self.sketch.merge(Sketch.from_bytes(delta.sketch))

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """A gauge is no latency."""

    def close(self) -> str | None:
        return None
