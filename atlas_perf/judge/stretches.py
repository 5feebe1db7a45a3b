"""A criterion asked of every stretch of so many seconds: which one met it worst."""

from __future__ import annotations

from atlas_perf.judge.aggregations import aggregate
from atlas_perf.judge.grammar import Operator, ThresholdExpression
from atlas_perf.judge.scope import Scope
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.snapshot import Snapshot, Total
from atlas_perf.schedule.intervals import covers
from atlas_perf.units import NS_PER_S

_HIGHER_IS_WORSE = (Operator.LESS, Operator.AT_MOST)
_LOWER_IS_WORSE = (Operator.MORE, Operator.AT_LEAST)


class WorstStretch:
    """Follows a run second by second; stretches overlap, each a second later than the last.

    Kept between two looks, since a long run's older seconds are merged into longer windows.
    Stretches without a sample say nothing, and neither do those that are not wholly inside the
    scope. Only whole seconds that every worker has reported
    count, so the run's last fraction of a second is in none.

    Attributes:
        value: of the worst stretch, in the unit of thresholds; None before there is one.
        total: what that stretch held.
        first_s: its first second, counted from the run's start.
    """

    def __init__(self, scope: Scope, expression: ThresholdExpression, metric: Metric) -> None:
        assert expression.stretch_s is not None, "only for an expression with a scope"
        self.length_s = expression.stretch_s
        self.value: float | None = None
        self.total: Total | None = None
        self.first_s = 0
        self._scope = scope
        self._selector = scope.of_seconds(counter=metric.kind is MetricKind.COUNTER)
        self._expression = expression
        self._contains = metric.contains
        self._next_s = 0

    def advance(self, snapshot: Snapshot) -> None:
        """Look at every stretch that has become whole since the last look."""
        whole_s = snapshot.elapsed_ns // NS_PER_S
        within = self._scope.stretches_within(snapshot)
        while self._next_s + self.length_s <= whole_s:
            first_s = self._next_s
            self._next_s += 1
            if not covers(within, first_s * NS_PER_S, (first_s + self.length_s) * NS_PER_S):
                continue
            total = snapshot.total_between(self._selector, first_s, first_s + self.length_s)
            if total is None:
                continue
            value = aggregate(
                total,
                self._expression.term,
                contains=self._contains,
                elapsed_ns=self.length_s * NS_PER_S,
            )
            if value is not None and self._is_worse(value):
                self.value, self.total, self.first_s = value, total, first_s

    def _is_worse(self, value: float) -> bool:
        if self.value is None:
            return True
        if self._expression.operator in _HIGHER_IS_WORSE:
            return value > self.value
        if self._expression.operator in _LOWER_IS_WORSE:
            return value < self.value
        holds = self._expression.holds
        return holds(self.value) and not holds(value)
