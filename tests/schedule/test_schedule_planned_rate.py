"""The rate that a plan has at a time: what the live display shows beside the achieved one."""

from __future__ import annotations

import pytest

from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    RampingArrivalRate,
    ScenarioPlan,
    Spacing,
    Stage,
    TestPlan,
)
from atlas_perf.schedule.planned_rate import PlannedRate
from atlas_perf.units import NS_PER_S

S = NS_PER_S


def planned(*executors: Executor, start_s: int = 0) -> PlannedRate:
    scenarios = tuple(
        ScenarioPlan(f"s{number}", executor, start_time_ns=start_s * S)
        for number, executor in enumerate(executors)
    )
    return PlannedRate(TestPlan("shop", "shop.py", "0" * 64, scenarios))


def constant(rate: int, duration_s: int = 10, **rest: object) -> ConstantArrivalRate:
    return ConstantArrivalRate(rate, duration_s * S, pre_allocated_vus=1, max_vus=1, **rest)


def test_users_alone_have_no_rate():
    assert planned(ConstantVUs(3, 10 * S)).per_s(0, S) is None


@pytest.mark.parametrize("spacing", Spacing)
def test_a_constant_rate_is_itself_however_it_is_spaced(spacing: Spacing):
    rate = planned(constant(50, spacing=spacing))
    assert [rate.per_s(second * S, (second + 1) * S) for second in range(3)] == [50, 50, 50]


def test_before_its_start_and_after_its_end_there_is_none():
    rate = planned(constant(50), start_s=5)
    assert [rate.per_s(at * S, (at + 1) * S) for at in (0, 4, 5, 14, 15)] == [0, 0, 50, 50, 0]
    assert rate.per_s(14 * S, 16 * S) == 25


def test_of_a_ramp_it_is_the_average_and_rates_add_up():
    ramp = RampingArrivalRate((Stage(10 * S, 100),), pre_allocated_vus=1, max_vus=1)
    assert planned(ramp).per_s(4 * S, 5 * S) == 45
    assert planned(ramp, constant(5)).per_s(4 * S, 5 * S) == 50
    assert planned(ramp, ConstantVUs(3, 10 * S)).per_s(0, 10 * S) == 50


def test_a_rate_of_another_unit_is_told_by_the_second():
    assert planned(constant(90, time_unit_ns=60 * S, duration_s=600)).per_s(0, S) == 1.5
