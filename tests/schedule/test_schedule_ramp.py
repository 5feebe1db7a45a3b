"""Ramps as steps: rows with their arithmetic, and laws for any stages and any split."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.plan import Stage
from atlas_perf.schedule.ramp import VUStep, vu_steps, worker_vu_steps
from atlas_perf.schedule.shares import share_of_vus

S = 1_000_000_000

stages_lists = st.lists(
    st.builds(Stage, duration_ns=st.integers(0, 120 * S), target=st.integers(0, 60)),
    min_size=1,
    max_size=6,
)
starts = st.integers(0, 60)


@pytest.mark.parametrize(
    ("start", "stages", "expected"),
    [
        # 0 to 4 in 8 s: one more every 2 s, the first when the line reaches 1.
        (0, [(8, 4)], [(0, 0), (2, 1), (4, 2), (6, 3), (8, 4)]),
        # 4 to 0 in 8 s: the fourth goes when the line has come down to 3.
        (4, [(8, 0)], [(0, 4), (2, 3), (4, 2), (6, 1), (8, 0)]),
        # Up and down again; nothing happens twice at the top.
        (1, [(2, 3), (2, 1)], [(0, 1), (1, 2), (2, 3), (3, 2), (4, 1)]),
        # A stage at the same height is a pause: 5 s later the next begins.
        (2, [(5, 2), (1, 3)], [(0, 2), (6, 3)]),
        # A stage without a duration is a jump.
        (1, [(0, 10), (5, 10), (0, 3)], [(0, 10), (5, 3)]),
        # Of several jumps at one instant the last counts, even back to where it was.
        (1, [(3, 1), (0, 9), (0, 1)], [(0, 1)]),
        (1, [(3, 1), (0, 9), (0, 4)], [(0, 1), (3, 4)]),
    ],
)
def test_steps(start: int, stages: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    steps = vu_steps(start, [Stage(seconds * S, target) for seconds, target in stages])
    assert [(step.offset_ns, step.vus) for step in steps] == [(at * S, vus) for at, vus in expected]


def test_uneven_division_rounds_to_the_next_nanosecond() -> None:
    # 0 to 3 in 10 ns: the line is at 1 after 3⅓ ns, at 2 after 6⅔ ns.
    assert vu_steps(0, [Stage(10, 3)]) == (VUStep(0, 0), VUStep(4, 1), VUStep(7, 2), VUStep(10, 3))


def test_two_workers_of_k6s_example() -> None:
    # 0 to 4 in 8 s over two workers: the users take turns, so each ramps with half the steps.
    steps = vu_steps(0, [Stage(8 * S, 4)])
    assert worker_vu_steps(steps, 0, 2) == (VUStep(0, 0), VUStep(2 * S, 1), VUStep(6 * S, 2))
    assert worker_vu_steps(steps, 1, 2) == (VUStep(0, 0), VUStep(4 * S, 1), VUStep(8 * S, 2))


def vus_at(steps: Sequence[VUStep], offset_ns: int) -> int:
    return steps[bisect_right(steps, offset_ns, key=lambda step: step.offset_ns) - 1].vus


@given(starts, stages_lists)
def test_offsets_rise_and_neighbours_differ(start: int, stages: list[Stage]) -> None:
    steps = vu_steps(start, stages)
    assert steps[0].offset_ns == 0
    for before, after in pairwise(steps):
        assert before.offset_ns < after.offset_ns
        assert before.vus != after.vus
    assert steps[-1].offset_ns <= sum(stage.duration_ns for stage in stages)
    assert steps[-1].vus == stages[-1].target


@given(starts, stages_lists, st.integers(1, 9))
def test_workers_sum_to_the_whole_at_every_instant(
    start: int, stages: list[Stage], workers: int
) -> None:
    steps = vu_steps(start, stages)
    parts = [worker_vu_steps(steps, worker, workers) for worker in range(workers)]
    for step in steps:
        for offset_ns in (step.offset_ns, step.offset_ns + 1, max(0, step.offset_ns - 1)):
            assert sum(vus_at(part, offset_ns) for part in parts) == vus_at(steps, offset_ns)
    for worker, part in enumerate(parts):
        assert all(share_of_vus(vus_at(steps, s.offset_ns), worker, workers) == s.vus for s in part)


@given(starts, stages_lists, st.data())
def test_the_number_stays_within_one_user_of_the_line(
    start: int, stages: list[Stage], data: st.DataObject
) -> None:
    """Against the line itself, in rationals: going up never early, going down never cut short."""
    steps = vu_steps(start, stages)
    index = data.draw(st.integers(0, len(stages) - 1))
    begin_ns = sum(stage.duration_ns for stage in stages[:index])
    begin_vus = start if index == 0 else stages[index - 1].target
    stage = stages[index]
    if stage.duration_ns == 0:
        return
    # The last nanosecond before the next stage is this stage's own.
    into_ns = data.draw(st.integers(0, stage.duration_ns - 1))
    line = begin_vus + Fraction(into_ns, stage.duration_ns) * (stage.target - begin_vus)
    slope = abs(Fraction(stage.target - begin_vus, stage.duration_ns))  # users per nanosecond
    vus = vus_at(steps, begin_ns + into_ns)
    if stage.target >= begin_vus:
        assert line - 1 - slope < vus <= line
    else:
        assert line <= vus < line + 1 + slope
