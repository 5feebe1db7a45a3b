"""The intended starts of an arrival-rate executor, for the whole run and for one worker of it.

Arrivals are numbered from 0 over the whole run and dealt like users: worker `i` of `n` takes those
with `k mod n = i`. Every worker walks the same sequence, so that the union is the plan's sequence
exactly, whatever its spacing, and no worker asks another.

**Uniform.** Arrival `k` comes when the curve's area is `k` arrivals at a constant rate, and `k + 1`
at a ramp, which would otherwise begin with an arrival at a rate of 0. Both as in k6.

**Poisson.** As many arrivals, each at a point of the whole area that is independent of all others:
the law of a Poisson process of this rate, of which the number of arrivals is known. So gaps are
exponential, ramps included, and yet a run has the arrivals that were planned, and not by chance
3 % more. The smallest of `m` points in what is left of the area comes after the share
`1 − v^(1/m)` of it, where `v` is uniform; so they are drawn in order, without keeping them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from math import expm1

from atlas_perf.model.plan import (
    ArrivalRate,
    ConstantArrivalRate,
    Spacing,
    planned_arrivals,
)
from atlas_perf.schedule.rate_curve import rate_curve


def arrivals_seed(plan_seed: int, scenario: str) -> str:
    """What the Poisson arrivals of a scenario are drawn from, wherever they are."""
    return f"{plan_seed}/{scenario}/arrivals"


class ArrivalSchedule:
    """When each iteration of an arrival-rate executor is due; `count` is how many there are."""

    def __init__(self, executor: ArrivalRate) -> None:
        self.count = planned_arrivals(executor)
        self._poisson = executor.spacing is Spacing.POISSON
        self._curve = rate_curve(executor)
        self._first = 0 if isinstance(executor, ConstantArrivalRate) else 1

    def offsets_ns(self, worker: int, workers: int, seed: str) -> Iterator[int]:
        """Offsets from the executor's start at which this worker's arrivals are due; they rise.

        Args:
            seed: of a Poisson spacing; the same in all workers.
        """
        if self.count == 0:
            return iter(())
        if self._poisson:
            areas: Iterator[int] = islice(self._scattered(seed), worker, None, workers)
        else:
            step = self._curve.arrival
            areas = iter(range((self._first + worker) * step, self._end_area, workers * step))
        return iter(self._curve.instants_ns(areas))

    def due_before(self, offsets_ns: Sequence[int], seed: str) -> list[int]:
        """How many arrivals of all workers are due before each of these offsets, which rise.

        A count for each offset, in closed form where the spacing is uniform. Poisson arrivals are
        drawn again, up to the last offset, at about half a microsecond each.
        """
        reached = [self._curve.area_by(at_ns - 1) if at_ns > 0 else -1 for at_ns in offsets_ns]
        if self._poisson:
            return self._counted(reached, seed)
        whole = [area // self._curve.arrival + 1 - self._first for area in reached]
        return [min(max(0, count), self.count) for count in whole]

    def share(self, worker: int, workers: int) -> int:
        """How many arrivals this worker takes."""
        return len(range(worker, self.count, workers))

    @property
    def _end_area(self) -> int:
        return (self._first + self.count) * self._curve.arrival

    def _counted(self, reached: Sequence[int], seed: str) -> list[int]:
        """How many of the scattered arrivals lie within each of these areas, which rise."""
        areas = self._scattered(seed)
        following = next(areas, None)
        counts, count = [], 0
        for area in reached:
            while following is not None and following <= area:
                count += 1
                following = next(areas, None)
            counts.append(count)
        return counts

    def _scattered(self, seed: str) -> Iterator[int]:
        exponential = random.Random(seed).expovariate
        area = self._curve.area
        reached = 0.0
        for left in range(self.count, 0, -1):
            reached += (area - reached) * -expm1(-exponential(1.0) / left)
            yield min(int(reached), area)
