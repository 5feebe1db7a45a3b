"""Where something was cut off in flight a statistic is known within bounds, and judged by both.

Such a request, iteration or group is censored: it would have taken longer than its age, nobody
knows how much. With every age in its place each statistic is a lower bound. With every age replaced
by infinity it is an upper one, which is finite for a percentile that does not fall among the
censored. A share of tasks lies between none and all of those that were cut off having passed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from atlas_perf.judge.aggregations import aggregate, quantile, scale
from atlas_perf.judge.grammar import Aggregation, AggregationTerm, Operator, ThresholdExpression
from atlas_perf.model.metric import Contains
from atlas_perf.model.snapshot import Distribution, RateTotal, Total, TrendTotal
from atlas_perf.model.summary import CriterionState

_ROUNDING = 1e-12
_ORDERING = (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The statistic lies between these, in the unit of thresholds; `high` may be infinite."""

    low: float
    high: float
    accuracy: float = 0.0  # relative error of either, where they are read from a sketch

    @property
    def exact(self) -> bool:
        """True if the bounds are as good as one number, given the accuracy of each."""
        return self.high <= self.low * (1 + self.accuracy)

    def judge(self, expression: ThresholdExpression) -> CriterionState:
        """PASSED or FAILED if that holds of whatever lies between them; else NO_DATA."""
        low_holds, high_holds = expression.holds(self.low), expression.holds(self.high)
        if expression.operator in _ORDERING or self.low == self.high:
            decided = low_holds == high_holds
        else:
            decided = not self.low <= expression.limit <= self.high
        if not decided:
            return CriterionState.NO_DATA
        return CriterionState.PASSED if low_holds else CriterionState.FAILED


def bounds(
    total: Total, term: AggregationTerm, *, contains: Contains, elapsed_ns: int
) -> Bounds | None:
    """A statistic with its bounds, or None where the samples do not define it; see `aggregate`."""
    low = aggregate(total, term, contains=contains, elapsed_ns=elapsed_ns)
    if low is None:
        return None
    if isinstance(total, RateTotal):
        return Bounds(low, (total.passes + total.beyond) / (total.samples + total.beyond))
    if not isinstance(total, TrendTotal) or not total.beyond:
        return Bounds(low, low)
    high = _highest(total.distribution, total.beyond, term) / scale(contains)
    return _between(low, high, total.at_least.relative_accuracy)


def bounds_with_cut_off(
    total: TrendTotal | None,
    cut_off: Sequence[TrendTotal],
    term: AggregationTerm,
    *,
    contains: Contains,
) -> Bounds:
    """The bounds of a statistic if what was cut off elsewhere counted here as well.

    Args:
        total: what is known here; None if that is nothing.
        cut_off: ages of the requests that were, in parts; at least one. A statistic of all of them
            is no lower than the lowest of a part.
    """
    lows = [aggregate(one, term, contains=contains, elapsed_ns=0) for one in cut_off]
    if total is not None:
        lows = [aggregate(total, term, contains=contains, elapsed_ns=0)]
    low = min(one for one in lows if one is not None)
    known = None if total is None else total.distribution
    beyond = sum(one.samples for one in cut_off) + (0 if total is None else total.beyond)
    high = _highest(known, beyond, term) / scale(contains)
    return _between(low, high, cut_off[0].distribution.relative_accuracy)


def _between(low: float, high: float, accuracy: float) -> Bounds:
    """Bounds that never cross, though either may be off by the sketch's accuracy, and that do not
    differ by the last bits of their arithmetic alone."""
    return Bounds(
        low, low if math.isclose(low, high, rel_tol=_ROUNDING) else max(low, high), accuracy
    )


def _highest(known: Distribution | None, beyond: int, term: AggregationTerm) -> float:
    """The statistic if `beyond` more values were infinite."""
    if known is None or known.count == 0:
        return math.inf
    if term.aggregation is Aggregation.MIN:
        return known.min
    if term.aggregation in (Aggregation.AVG, Aggregation.MAX):
        return math.inf
    percentile = 50.0 if term.percentile is None else term.percentile
    last = known.count - 1
    position = percentile / 100 * (last + beyond)
    if position > last:
        return math.inf
    return quantile(known, 100 * position / last if last else 0.0)
