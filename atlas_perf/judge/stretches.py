"""A criterion asked of every stretch of so many seconds: which one met it worst."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.judge.bounds import Bounds, bounds, bounds_with_cut_off
from atlas_perf.judge.grammar import Operator, ThresholdExpression
from atlas_perf.judge.scope import Scope
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Snapshot, Total, TrendTotal
from atlas_perf.model.summary import CriterionState
from atlas_perf.schedule.intervals import covers
from atlas_perf.units import NS_PER_S

_HIGHER_IS_WORSE = (Operator.LESS, Operator.AT_MOST)
_LOWER_IS_WORSE = (Operator.MORE, Operator.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What some seconds in a row came to."""

    first_s: int  # counted from the run's start
    total: Total
    value: Bounds  # in the unit of thresholds


class WorstStretch:
    """Follows a run second by second; stretches overlap, each a second later than the last.

    Kept between two looks, since a long run's older seconds are merged into longer windows.
    Stretches without a sample say nothing, and neither do those that are not wholly inside the
    scope. Only whole seconds that every worker has reported count, so the run's last fraction of a
    second is in none. Requests that were cut off in flight all count in the newest stretch as
    well: most of them are cut off in that last fraction.
    """

    def __init__(self, scope: Scope, expression: ThresholdExpression, metric: Metric) -> None:
        assert expression.stretch_s is not None, "only for an expression with a scope"
        self.length_s = expression.stretch_s
        self._selector = scope.of_seconds(counter=metric.kind is MetricKind.COUNTER)
        self._scope = scope
        self._expression = expression
        self._contains = metric.contains
        self._next_s = 0
        self._worst: Stretch | None = None
        self._newest: Total | None = None
        self._newest_s: int | None = None
        self._unsure = False  # some stretch may have broken the limit, or not

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
            self._newest, self._newest_s = total, first_s
            if total is None:
                continue
            value = bounds(
                total,
                self._expression.term,
                contains=self._contains,
                elapsed_ns=self.length_s * NS_PER_S,
            )
            if value is not None:
                found = Stretch(first_s, total, value)
                self._unsure |= value.judge(self._expression) is CriterionState.NO_DATA
                self._worst = self._worse(found, self._worst)

    def worst(self, snapshot: Snapshot) -> Stretch | None:
        """The stretch that met the criterion worst; None before there is one with a sample."""
        cut = self._cut(snapshot)
        return self._worst if cut is None else self._worse(cut, self._worst)

    def judge(self, snapshot: Snapshot) -> CriterionState:
        """What the criterion came to, once there is a worst stretch."""
        looked_at = [one for one in (self._worst, self._cut(snapshot)) if one is not None]
        states = {one.value.judge(self._expression) for one in looked_at}
        if CriterionState.FAILED in states:
            return CriterionState.FAILED
        if CriterionState.NO_DATA in states or self._unsure:
            return CriterionState.NO_DATA
        return CriterionState.PASSED

    def _cut(self, snapshot: Snapshot) -> Stretch | None:
        """The newest stretch with all requests in it that were cut off; None without any."""
        censored = self._selector.censored()
        cut_off = None if censored is None else snapshot.total(censored)
        if isinstance(cut_off, CounterTotal) and self._newest_s is not None:
            known = self._newest if isinstance(self._newest, RateTotal) else RateTotal(0, 0)
            share = RateTotal(known.passes, known.samples, beyond=round(cut_off.total))
            of_share = bounds(share, self._expression.term, contains=self._contains, elapsed_ns=0)
            assert of_share is not None, "something was cut off"
            return Stretch(self._newest_s, share, of_share)
        if not isinstance(cut_off, TrendTotal) or self._newest_s is None:
            return None
        newest = self._newest if isinstance(self._newest, TrendTotal) else None
        value = bounds_with_cut_off(newest, cut_off, self._expression.term, contains=self._contains)
        return Stretch(self._newest_s, newest or cut_off, value)

    def _worse(self, found: Stretch, worst: Stretch | None) -> Stretch:
        """The one that met the criterion worse; of two alike the earlier."""
        if worst is None:
            return found
        new, old = found.value.low, worst.value.low
        if self._expression.operator in _HIGHER_IS_WORSE:
            return found if new > old else worst
        if self._expression.operator in _LOWER_IS_WORSE:
            return found if new < old else worst
        holds = self._expression.holds
        return found if holds(old) and not holds(new) else worst
