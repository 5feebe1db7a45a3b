"""The number of virtual users over time, for stages that are straight lines.

A stage leads from `a` users to `b` users in `d` nanoseconds, ending at the offset `e`. Its line is
at the whole number `v` when the part of the stage still to come is to the whole stage as the users
still to come are to all of them:

    (e − t) / d = (b − v) / (b − a),    so    t(v) = e − ⌊d · (b − v) / (b − a)⌋

    users
      b |            ,o        The number becomes v at t(v), upwards and downwards alike: going up,
        |          o'          a user starts when the line has reached it (never early); going down,
        |       ,o             one stops when the line has left it behind. So `t(b) = e`, and the
      a |____,o'               user who is a-th stays until t(a − 1) of a descent.
        +-----------------> t
                     e

The division is of integers and rounds towards the stage's end: at most one nanosecond late, never
drifting, and the same in every process. These are the steps of k6's `ramping-vus`
(`lib/executor/ramping_vus.go`, `getRawExecutionSteps`). What happens to the users left when the
stages are over is the executor's business: no final step to zero is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from atlas_perf.model.plan import Stage
from atlas_perf.schedule.shares import share_of_vus


@dataclass(frozen=True, slots=True)
class VUStep:
    """From `offset_ns` after the executor's start on, `vus` virtual users should be iterating."""

    offset_ns: int
    vus: int


def vu_steps(start_vus: int, stages: Iterable[Stage]) -> tuple[VUStep, ...]:
    """The steps of a ramp: offsets rise, neighbours differ, and the first offset is 0.

    A stage without a duration is a jump. At an instant with several steps only the last counts.
    """
    return _without_repeats(_crossings(start_vus, stages))


def worker_vu_steps(steps: Iterable[VUStep], worker: int, workers: int) -> tuple[VUStep, ...]:
    """One worker's part of the steps; over all workers the parts sum to the whole at all times."""
    return _without_repeats(
        VUStep(step.offset_ns, share_of_vus(step.vus, worker, workers)) for step in steps
    )


def _crossings(start_vus: int, stages: Iterable[Stage]) -> Iterator[VUStep]:
    yield VUStep(0, start_vus)
    begin_vus, end_ns = start_vus, 0
    for stage in stages:
        end_ns += stage.duration_ns
        rise = stage.target - begin_vus
        if stage.duration_ns == 0:
            yield VUStep(end_ns, stage.target)
        elif rise != 0:
            direction = 1 if rise > 0 else -1
            for vus in range(begin_vus + direction, stage.target + direction, direction):
                remaining_ns = stage.duration_ns * (stage.target - vus) // rise
                yield VUStep(end_ns - remaining_ns, vus)
        begin_vus = stage.target


def _without_repeats(steps: Iterable[VUStep]) -> tuple[VUStep, ...]:
    kept: list[VUStep] = []
    for step in steps:
        if kept and kept[-1].offset_ns == step.offset_ns:
            kept.pop()
        if not kept or kept[-1].vus != step.vus:
            kept.append(step)
    return tuple(kept)
