"""The latencies of a whole run in one sketch, for a report that draws their distribution."""

from __future__ import annotations

from collections.abc import Callable

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, NewSeries, TrendDelta
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Series, Tags
from atlas_perf.sketch.ddsketch import Sketch


class LatencyTotal:
    """An output that keeps what one selector matches; values are in nanoseconds.

    Like `http_req_duration` in a threshold, the default speaks of successful requests only.
    """

    wants_samples = False

    def __init__(self, selector: Selector | None = None) -> None:
        self.sketch = Sketch()
        self._selector = selector or Selector("http_req_duration")
        self._uncounted: str | None = None

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:  # noqa: ARG002 - as all
        """Take note of what does not count."""
        self._uncounted = plan.uncounted_phase

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        for delta in batch.deltas:
            if isinstance(delta, TrendDelta) and self._means(resolve(delta.number).series):
                self.sketch.merge(Sketch.from_bytes(delta.sketch))

    def _means(self, series: Series) -> bool:
        passed_over = self._selector.passes_over(series, self._uncounted)
        return self._selector.matches(series) and not passed_over

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """A gauge is no latency."""

    def close(self) -> str | None:
        return None
