"""A criterion asked of every stretch of so many seconds: which one met it worst."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class _CutOff:
    """What was cut off in one second."""

    count: int
    ages: TrendTotal | None  # None of tasks, of which a share is judged


class WorstStretch:
    """Follows a run second by second; stretches overlap, each a second later than the last.

    Kept between two looks, since a long run's older seconds are merged into longer windows.
    Stretches that are not wholly inside the scope say nothing, and neither do those without a
    sample; but a counter that counts elsewhere in the run counted nought in such a stretch, where
    the plan held its load: a server that hangs takes its requests out of every rate. Only whole
    seconds that every worker has reported count, so the run's last fraction of a second is in none.
    Requests that were cut off in flight count in the seconds in which they were; those cut off
    where no stretch is, after `steady` or in that last fraction, count in the newest stretch
    before.
    """

    def __init__(self, scope: Scope, expression: ThresholdExpression, metric: Metric) -> None:
        assert expression.stretch_s is not None, "only for an expression with a scope"
        self.length_s = expression.stretch_s
        self._counts = metric.kind is MetricKind.COUNTER
        self._selector = scope.of_seconds(counter=self._counts)
        self._scope = scope
        self._expression = expression
        self._contains = metric.contains
        self._next_s = 0
        self._worst: Stretch | None = None
        self._newest: Total | None = None
        self._newest_s: int | None = None
        self._late: list[tuple[int, _CutOff]] = []  # by second; cut off since the newest stretch
        self._idle_s: int | None = None  # the first stretch in which a counter counted nothing
        self._unsure = False  # some stretch may have broken the limit, or not

    def advance(self, snapshot: Snapshot) -> None:
        """Look at every stretch that has become whole since the last look."""
        whole_s = snapshot.elapsed_ns // NS_PER_S
        within = self._scope.stretches_within(snapshot)
        while self._next_s + self.length_s <= whole_s:
            first_s = self._next_s
            self._next_s += 1
            if not covers(within, first_s * NS_PER_S, (first_s + self.length_s) * NS_PER_S):
                self._note_late(snapshot, first_s + self.length_s - 1)
                continue
            self._leave_behind(first_s)
            total = snapshot.total_between(self._selector, first_s, first_s + self.length_s)
            self._newest, self._newest_s = total, first_s
            if total is None:
                self._note_idle(snapshot, first_s)
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
        worst = self._worst
        for one in (self._idle(snapshot), self._cut(snapshot)):
            worst = worst if one is None else self._worse(one, worst)
        return worst

    def judge(self, snapshot: Snapshot) -> CriterionState:
        """What the criterion came to, once there is a worst stretch."""
        looked_at = (self._worst, self._idle(snapshot), self._cut(snapshot))
        states = {one.value.judge(self._expression) for one in looked_at if one is not None}
        if CriterionState.FAILED in states:
            return CriterionState.FAILED
        if CriterionState.NO_DATA in states or self._unsure:
            return CriterionState.NO_DATA
        return CriterionState.PASSED

    def _note_idle(self, snapshot: Snapshot, first_s: int) -> None:
        end_s = first_s + self.length_s
        if self._counts and self._idle_s is None:
            held = self._scope.load_held(snapshot)
            if covers(held, first_s * NS_PER_S, end_s * NS_PER_S):
                self._idle_s = first_s

    def _idle(self, snapshot: Snapshot) -> Stretch | None:
        """The first stretch with nothing in it, where the limit does not hold of nothing."""
        if self._idle_s is None or self._expression.holds(0.0):
            return None
        if snapshot.total(self._scope.whole_run()) is None:
            return None  # nobody knows whether it would ever count
        return Stretch(self._idle_s, CounterTotal(0, 0.0), Bounds(0.0, 0.0))

    def _note_late(self, snapshot: Snapshot, second: int) -> None:
        """Remember what was cut off in a second that ends a stretch outside the scope."""
        if self._newest_s is not None:
            self._late.extend((second, one) for one in self._cut_off_in(snapshot, second))

    def _leave_behind(self, first_s: int) -> None:
        """Judge the newest stretch for good, since another begins at `first_s`."""
        before = [one for second, one in self._late if second < first_s]
        self._late.clear()
        if before:
            found = self._with_cut_off(before)
            self._unsure |= found.value.judge(self._expression) is CriterionState.NO_DATA
            self._worst = self._worse(found, self._worst)

    def _cut(self, snapshot: Snapshot) -> Stretch | None:
        """The newest stretch with what was cut off after it; None without any."""
        if self._newest_s is None:
            return None
        open_s = snapshot.elapsed_ns // NS_PER_S
        late = [one for _, one in self._late]
        # One worker may be a second ahead of the others.
        for second in (open_s, open_s + 1):
            late.extend(self._cut_off_in(snapshot, second))
        return self._with_cut_off(late) if late else None

    def _cut_off_in(self, snapshot: Snapshot, second: int) -> Iterator[_CutOff]:
        total = snapshot.total_between(self._selector, second, second + 1)
        if isinstance(total, RateTotal) and total.beyond:
            yield _CutOff(total.beyond, None)
        elif isinstance(total, TrendTotal) and total.censored is not None:
            yield _CutOff(total.beyond, TrendTotal(total.censored.ages))

    def _with_cut_off(self, late: Sequence[_CutOff]) -> Stretch:
        """The newest stretch as if these had been cut off in it."""
        assert self._newest_s is not None, "what is late comes after a stretch"
        count = sum(one.count for one in late)
        ages = [one.ages for one in late if one.ages is not None]
        term = self._expression.term
        if ages:
            newest = self._newest if isinstance(self._newest, TrendTotal) else None
            value = bounds_with_cut_off(newest, ages, term, contains=self._contains)
            return Stretch(self._newest_s, newest or ages[0], value)
        known = self._newest if isinstance(self._newest, RateTotal) else RateTotal(0, 0)
        share = RateTotal(known.passes, known.samples, beyond=known.beyond + count)
        of_share = bounds(share, term, contains=self._contains, elapsed_ns=0)
        assert of_share is not None, "something was cut off"
        return Stretch(self._newest_s, share, of_share)

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
