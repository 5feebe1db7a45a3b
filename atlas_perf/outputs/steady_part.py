"""Totals of what is left of a run without its first seconds: a warm-up that is not to count."""

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
    """An output that adds up what some selectors match, from one second of the run to another.

    Samples belong to the second they were taken in: a request that was sent in the warm-up and
    answered after it counts. Gauges have no total and are left aside.
    """

    wants_samples = False

    def __init__(self, selectors: Iterable[Selector], first_s: int, end_s: int | None) -> None:
        """Seconds count from the run's start; without an end, all that comes is added."""
        self._first_s = first_s
        self._end_s = end_s
        asked = tuple(selectors)
        cut_off = (selector.censored() for selector in asked)
        every = (*asked, *(one for one in cut_off if one is not None))
        self._totals: dict[Selector, Total | None] = dict.fromkeys(every)

    def total(self, selector: Selector) -> Total | None:
        """What one of the selectors has matched; None if nothing."""
        known, censored = self._totals[selector], selector.censored()
        return known if censored is None else together(known, self._totals[censored])

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        """Nothing to open."""

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        if batch.interval < self._first_s:
            return
        if self._end_s is not None and batch.interval >= self._end_s:
            return
        for delta in batch.deltas:
            series = resolve(delta.number).series
            for selector, total in self._totals.items():
                if selector.matches(series):
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
