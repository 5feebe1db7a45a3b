"""Totals of a run without its warm-up, for whoever judges it otherwise than by thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from atlas_perf.aggregate.censored import together
from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, CounterDelta, Delta, NewSeries, RateDelta, TrendDelta
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Tags
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Total, TrendTotal
from atlas_perf.sketch.ddsketch import Sketch


class SteadyPart:
    """An output that adds up what some selectors match, but for a phase that does not count.

    Gauges have no total and are left aside.
    """

    wants_samples = False

    def __init__(self, selectors: Iterable[Selector]) -> None:
        asked = tuple(selectors)
        cut_off = (selector.censored() for selector in asked)
        every = (*asked, *(one for one in cut_off if one is not None))
        self._totals: dict[Selector, Total | None] = dict.fromkeys(every)
        self._uncounted: str | None = None

    def total(self, selector: Selector) -> Total | None:
        """What one of the selectors has matched; None if nothing."""
        known, censored = self._totals[selector], selector.censored()
        return known if censored is None else together(known, self._totals[censored])

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:  # noqa: ARG002 - as all
        """Take note of what does not count."""
        self._uncounted = plan.uncounted_phase

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        for delta in batch.deltas:
            series = resolve(delta.number).series
            for selector, total in self._totals.items():
                passed_over = selector.passes_over(series, self._uncounted)
                if selector.matches(series) and not passed_over:
                    self._totals[selector] = _added(total, delta)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """A gauge has no total."""

    def close(self) -> str | None:
        return None


def _added(total: Total | None, delta: Delta) -> Total | None:
    match delta:
        case CounterDelta(samples=samples, total=amount):
            before = total if isinstance(total, CounterTotal) else CounterTotal(0, 0.0)
            return CounterTotal(before.samples + samples, before.total + amount)
        case RateDelta(passes=passes, samples=samples):
            so_far = total if isinstance(total, RateTotal) else RateTotal(0, 0)
            return RateTotal(so_far.passes + passes, so_far.samples + samples)
        case TrendDelta(sketch=packed):
            if isinstance(total, TrendTotal) and isinstance(total.distribution, Sketch):
                total.distribution.merge(Sketch.from_bytes(packed))
                return total
            return TrendTotal(Sketch.from_bytes(packed))
    return total
