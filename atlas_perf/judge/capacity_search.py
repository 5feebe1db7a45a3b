"""Which level to try next, and what all trials together say: pure functions of the trials.

    climb     double from the first level until one is not met
    bisect    halve the gaps beside the bounds, in proportion, down to the precision
    repeat    try both bounds again, as often as was asked

A bound is what every trial agrees on: the criteria were met at every level up to `met`, each time,
and broken at every level from `broken` on, each time. So a repeat that disagrees moves a bound
outwards, and what lies between the two is the uncertainty. A trial that proves nothing moves
neither; a level at which nothing could be proven twice is not climbed over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass

from atlas_perf.model.capacity import Bounds, CapacityWord, StepOutcome, Trial

GROWTH = 2
UNPROVEN_TWICE = 2
SPARE_STEPS = 4
"""For trials that prove nothing and repeats that disagree."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """From which level to which, how near the bounds shall come, and how sure of each to be."""

    first: int
    last: int
    precision: float = 0.05  # (broken - met) / met
    repeats: int = 2  # trials of each bound, the first one included

    @property
    def most_steps(self) -> int:
        """Steps that the search takes at the most."""
        climb = math.ceil(math.log(self.last / self.first, GROWTH)) + 1
        halvings = math.ceil(math.log2(max(1.0, math.log(GROWTH) / math.log1p(self.precision)))) + 1
        return climb + halvings + 2 * (self.repeats - 1) + SPARE_STEPS


def bounds(trials: Iterable[Trial]) -> Bounds:
    """What the trials agree on."""
    tried = _proven(trials)
    met = broken = None
    for level in sorted(tried):
        if set(tried[level]) != {StepOutcome.MET}:
            break
        met = level
    for level in sorted(tried, reverse=True):
        if set(tried[level]) != {StepOutcome.BROKEN}:
            break
        broken = level
    return Bounds(met, broken)


def next_level(plan: SearchPlan, trials: Sequence[Trial]) -> int | None:
    """The level to try now; None if there is no more to learn, or no step left."""
    if not trials:
        return plan.first
    if len(trials) >= plan.most_steps:
        return None
    last, cap = trials[-1], unoffered(trials)
    if last.outcome is StepOutcome.UNPROVEN and last.level != cap:
        return last.level
    tried, found = _proven(trials), bounds(trials)
    if not tried:
        return None
    top = found.broken or cap
    return (
        _climb(plan, tried, top) or _gap(plan, tried, found.met, top) or _again(plan, tried, found)
    )


def word(plan: SearchPlan, trials: Sequence[Trial]) -> CapacityWord:
    """What a search that has ended came to."""
    tried, found, cap = _proven(trials), bounds(trials), unoffered(trials)
    if not tried:
        return CapacityWord.UNPROVEN
    if found.met is not None and found.broken is not None:
        return CapacityWord.FOUND
    if found.broken == plan.first:
        return CapacityWord.BROKEN_AT_ONCE
    if found.met == plan.last:
        return CapacityWord.HELD
    if found.met is not None and cap is not None and found.met == max(tried):
        return CapacityWord.GENERATOR_LIMIT
    return CapacityWord.UNDECIDED


def unoffered(trials: Iterable[Trial]) -> int | None:
    """The lowest level at which the generator failed twice and nothing was proven."""
    failures: Counter[int] = Counter()
    proven = set()
    for trial in trials:
        if trial.outcome is StepOutcome.UNPROVEN:
            failures[trial.level] += 1
        else:
            proven.add(trial.level)
    stuck = (
        level
        for level, count in failures.items()
        if count >= UNPROVEN_TWICE and level not in proven
    )
    return min(stuck, default=None)


def _proven(trials: Iterable[Trial]) -> dict[int, list[StepOutcome]]:
    tried: dict[int, list[StepOutcome]] = {}
    for trial in trials:
        if trial.outcome is not StepOutcome.UNPROVEN:
            tried.setdefault(trial.level, []).append(trial.outcome)
    return tried


def _climb(plan: SearchPlan, tried: Iterable[int], top: int | None) -> int | None:
    """Up, as long as nothing is known to be too much."""
    highest = max(tried)
    if top is not None or highest >= plan.last:
        return None
    return min(highest * GROWTH, plan.last)


def _gap(plan: SearchPlan, tried: Iterable[int], met: int | None, top: int | None) -> int | None:
    """The middle of a gap beside a bound that is wider than the precision."""
    if met is None:
        return None
    levels = sorted({*tried, *([] if top is None else [top])})
    pairs = [(met, level) for level in levels if level > met][:1]
    if top is not None:
        pairs.append((max(level for level in levels if level < top), top))
    for low, high in pairs:
        middle = round(math.sqrt(low * high))
        if high > low * (1 + plan.precision) and low < middle < high:
            return middle
    return None


def _again(plan: SearchPlan, tried: Mapping[int, Sized], found: Bounds) -> int | None:
    """A bound that has not been tried as often as was asked."""
    for bound in (found.met, found.broken):
        if bound is not None and len(tried[bound]) < plan.repeats:
            return bound
    return None
