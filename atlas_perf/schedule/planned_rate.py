"""How many iterations a second the arrival rates of a plan make due at a time, on average.

It is the area under the rate and not a count of arrivals: a Poisson plan has the rate that it was
asked for, and a look at one second costs the same however long the run has been.
"""

from __future__ import annotations

from fractions import Fraction

from atlas_perf.model.plan import ConstantArrivalRate, RampingArrivalRate, TestPlan
from atlas_perf.schedule.rate_curve import RateCurve, rate_curve
from atlas_perf.units import NS_PER_S


class PlannedRate:
    """The arrival rates of one plan, taken together."""

    def __init__(self, plan: TestPlan) -> None:
        self._curves: list[tuple[int, RateCurve]] = [
            (scenario.start_time_ns, rate_curve(scenario.executor))
            for scenario in plan.scenarios
            if isinstance(scenario.executor, ConstantArrivalRate | RampingArrivalRate)
        ]

    def per_s(self, begin_ns: int, end_ns: int) -> float | None:
        """The average over [begin, end), from the run's start; None if nothing has a rate."""
        if not self._curves:
            return None
        iterations = sum(
            Fraction(curve.area_by(end_ns - start_ns) - curve.area_by(begin_ns - start_ns))
            / curve.arrival
            for start_ns, curve in self._curves
        )
        return float(iterations * NS_PER_S / (end_ns - begin_ns))
