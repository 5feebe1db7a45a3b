"""Intended starts: k6's own figures, laws against the exact area, and any split over workers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp, floor
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.model.plan import (
    ArrivalRate,
    ConstantArrivalRate,
    RampingArrivalRate,
    Spacing,
    Stage,
    executor_duration_ns,
    planned_arrivals,
)
from atlas_perf.schedule.arrivals import ArrivalSchedule

S = 1_000_000_000
MS = 1_000_000

constants = st.builds(
    lambda rate, duration_ns, unit_ns, spacing: ConstantArrivalRate(
        rate, duration_ns, 1, 1, unit_ns, spacing
    ),
    st.integers(1, 400),
    st.integers(1, 3 * S),
    st.sampled_from([S // 3, S, 60 * S]),
    st.sampled_from(Spacing),
)
ramps = st.builds(
    lambda stages, start, unit_ns, spacing: RampingArrivalRate(
        tuple(stages), 1, 1, start, unit_ns, spacing
    ),
    st.lists(
        st.builds(Stage, duration_ns=st.integers(0, 2 * S), target=st.integers(0, 300)),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 300),
    st.sampled_from([S // 3, S, 60 * S]),
    st.sampled_from(Spacing),
)


def offsets(executor: ArrivalRate, worker: int = 0, workers: int = 1, seed: str = "") -> list[int]:
    return list(ArrivalSchedule(executor).offsets_ns(worker, workers, seed))


def area_at(executor: ArrivalRate, offset_ns: int) -> Fraction:
    """The integral of the rate up to an offset: how many arrivals are due by then."""
    if isinstance(executor, ConstantArrivalRate):
        return Fraction(executor.rate * offset_ns, executor.time_unit_ns)
    total, begin, left_ns = Fraction(0), executor.start_rate, offset_ns
    for stage in executor.stages:
        inside_ns = min(left_ns, stage.duration_ns)
        if inside_ns:
            slope = Fraction(stage.target - begin, stage.duration_ns)
            total += begin * inside_ns + slope * inside_ns**2 / 2
        begin, left_ns = stage.target, left_ns - inside_ns
    return total / executor.time_unit_ns


THRICE_AS_FAST_MS = [
    *(1825, 2581, 3162, 3651, 4082, 4472, 4830, 5166, 5499, 5833, 6169, 6527, 6917, 7348),
    *(7837, 8418, 9174, 10999),
]


@pytest.mark.parametrize(
    ("unit_ns", "expected_ms"),
    [
        (S, [3162, 4472, 5500, 6527, 7837, 11000]),
        (
            S // 3,
            THRICE_AS_FAST_MS,
        ),
    ],
)
def test_ramps_have_the_arrivals_of_k6s_own_tests(unit_ns: int, expected_ms: list[int]) -> None:
    # TestRampingArrivalRateCal: 0 to 1 in 5 s, a second there, and down again.
    stages = (Stage(5 * S, 1), Stage(S, 1), Stage(5 * S, 0))
    found = offsets(RampingArrivalRate(stages, 1, 1, time_unit_ns=unit_ns))
    assert [at // MS for at in found] == expected_ms


def test_instances_of_k6s_own_tests_take_turns() -> None:
    stages = (Stage(5 * S, 1), Stage(S, 1), Stage(5 * S, 0))
    ramp = RampingArrivalRate(stages, 1, 1)
    parts = [[at // MS for at in offsets(ramp, worker, 3)] for worker in range(3)]
    assert parts == [[3162, 6527], [4472, 7837], [5500, 11000]]


def test_a_constant_rate_begins_at_once_and_ends_before_its_end() -> None:
    found = offsets(ConstantArrivalRate(3, 2 * S, 1, 1))
    assert found == [0, 333_333_334, 666_666_667, S, 1_333_333_334, 1_666_666_667]


def test_a_constant_rate_does_not_drift() -> None:
    """A period rounded to nanoseconds, as k6 has it, would be 8.6 ms off after a day."""
    found = ArrivalSchedule(ConstantArrivalRate(300, 86_400 * S, 1, 1))
    late = ArrivalSchedule(ConstantArrivalRate(300, 86_400 * S, 1, 1)).offsets_ns(
        found.count - 1, found.count, ""
    )
    assert list(late) == [86_400 * S - S // 300]


@pytest.mark.parametrize(
    ("start", "stages", "count"),
    [
        (0, [Stage(10 * S, 100)], 500),
        (100, [Stage(10 * S, 0)], 500),
        (20, [Stage(0, 50), Stage(3 * S, 50)], 150),
        (0, [Stage(2 * S, 10), Stage(5 * S, 10), Stage(0, 0), Stage(S, 0), Stage(2 * S, 4)], 64),
        (0, [Stage(S, 1)], 0),
        (0, [Stage(S, 5), Stage(S, 0)], 5),
        (5, [Stage(0, 3)], 0),
    ],
)
def test_a_ramp_has_the_whole_arrivals_of_its_area(
    start: int, stages: Sequence[Stage], count: int
) -> None:
    ramp = RampingArrivalRate(tuple(stages), 1, 1, start)
    assert len(offsets(ramp)) == planned_arrivals(ramp) == count


@given(constants | ramps, st.integers(1, 7))
def test_workers_take_turns_and_their_union_is_the_plan(
    executor: ArrivalRate, workers: int
) -> None:
    whole = offsets(executor)
    parts = [offsets(executor, worker, workers) for worker in range(workers)]
    assert parts == [whole[worker::workers] for worker in range(workers)]
    schedule = ArrivalSchedule(executor)
    assert [schedule.share(worker, workers) for worker in range(workers)] == list(map(len, parts))


@given(constants | ramps)
def test_there_are_as_many_arrivals_as_planned_rising_and_within_the_duration(
    executor: ArrivalRate,
) -> None:
    found = offsets(executor)
    assert len(found) == planned_arrivals(executor)
    assert all(before <= after for before, after in pairwise(found))
    assert all(0 <= at <= executor_duration_ns(executor) for at in found)


@given(constants | ramps)
def test_uniform_arrivals_come_when_the_area_has_reached_them_and_no_nanosecond_later(
    executor: ArrivalRate,
) -> None:
    if executor.spacing is not Spacing.UNIFORM:
        return
    first = 0 if isinstance(executor, ConstantArrivalRate) else 1
    for number, at in enumerate(offsets(executor), first):
        assert area_at(executor, at) >= number
        assert at == 0 or area_at(executor, at - 1) < number


@given(constants)
def test_a_constant_rate_has_an_arrival_for_each_begun_part_of_its_area(
    executor: ConstantArrivalRate,
) -> None:
    assert planned_arrivals(executor) == ceil(area_at(executor, executor.duration_ns))


@given(ramps)
def test_a_ramp_has_an_arrival_for_each_whole_part_of_its_area(
    executor: RampingArrivalRate,
) -> None:
    whole = area_at(executor, executor_duration_ns(executor))
    assert planned_arrivals(executor) == floor(whole)


class TestPoisson:
    """Statistics of one seed: the bounds are many standard errors wide, and nothing here varies."""

    RATE = ConstantArrivalRate(1000, 100 * S, 1, 1, spacing=Spacing.POISSON)

    def test_gaps_are_exponential(self) -> None:
        gaps = [(after - before) / MS for before, after in pairwise(offsets(self.RATE, seed="7"))]
        assert fmean(gaps) == pytest.approx(1, rel=0.01)
        assert pstdev(gaps) == pytest.approx(1, rel=0.02)  # as large as the mean
        ordered = sorted(gaps)
        # Kolmogorov and Smirnov: 1.63/√n would be exceeded by chance once in a hundred.
        furthest = max(
            abs((place + 1) / len(ordered) - (1 - exp(-gap))) for place, gap in enumerate(ordered)
        )
        assert furthest < 1.63 / len(ordered) ** 0.5

    def test_gaps_know_nothing_of_each_other(self) -> None:
        gaps = [after - before for before, after in pairwise(offsets(self.RATE, seed="7"))]
        mean = fmean(gaps)
        together = fmean((one - mean) * (next_one - mean) for one, next_one in pairwise(gaps))
        assert abs(together / pstdev(gaps) ** 2) < 4 / len(gaps) ** 0.5

    def test_one_worker_of_many_has_the_gaps_of_every_nth_arrival(self) -> None:
        """The union is Poisson, so a part of it is not: its gaps are sums of four."""
        gaps = [after - before for before, after in pairwise(offsets(self.RATE, 1, 4, seed="7"))]
        assert fmean(gaps) == pytest.approx(4 * MS, rel=0.01)
        assert pstdev(gaps) == pytest.approx(2 * MS, rel=0.02)

    def test_a_ramp_has_more_of_them_where_its_rate_is_higher(self) -> None:
        ramp = RampingArrivalRate((Stage(100 * S, 1000),), 1, 1, spacing=Spacing.POISSON)
        found = offsets(ramp, seed="7")
        assert len(found) == 50_000
        for part in (0.2, 0.5, 0.8):  # the area up to a part of the time is its square
            before = sum(at < part * 100 * S for at in found) / len(found)
            assert before == pytest.approx(part**2, abs=4 * 0.5 / len(found) ** 0.5)

    def test_a_seed_decides(self) -> None:
        assert offsets(self.RATE, seed="7")[:50] == offsets(self.RATE, seed="7")[:50]
        assert offsets(self.RATE, seed="7")[:50] != offsets(self.RATE, seed="8")[:50]


@given(constants | ramps, st.lists(st.integers(-S, 12 * S), max_size=9).map(sorted))
def test_the_arrivals_due_before_an_instant_are_counted_without_walking_to_it(
    executor: ArrivalRate, instants_ns: list[int]
) -> None:
    walked = offsets(executor, seed="7")
    counted = ArrivalSchedule(executor).due_before(instants_ns, "7")
    assert counted == [sum(at < instant for at in walked) for instant in instants_ns]


@given(constants | ramps, st.data())
def test_each_arrival_is_counted_from_the_nanosecond_after_it_is_due(
    executor: ArrivalRate, data: st.DataObject
) -> None:
    walked = offsets(executor, seed="7")
    if walked:
        at = data.draw(st.sampled_from(walked))
        before, after = ArrivalSchedule(executor).due_before([at, at + 1], "7")
        assert (before, after) == (walked.index(at), walked.index(at) + walked.count(at))
