"""The steady phase of a k6 run as the user writes it, and the plan that is made of it."""

from __future__ import annotations

import pytest

from atlas_perf.k6_results.steady import WHOLE, Steady, read_steady, scenario_of
from atlas_perf.model.plan import ConstantVUs, RampingVUs, Stage
from atlas_perf.units import NS_PER_S


@pytest.mark.parametrize(
    ("text", "steady"),
    [("all", WHOLE), ("30s-2m30s", Steady(30, 150)), ("0s-1s", Steady(0, 1))],
)
def test_a_part_is_read_and_written_back(text: str, steady: Steady) -> None:
    assert read_steady(text) == steady
    assert read_steady(str(steady)) == steady


@pytest.mark.parametrize(
    "text", ["10s", "10s-", "10s-10s", "20s-10s", "1500ms-5s", "1s-2500ms", "a-b", ""]
)
def test_what_is_no_part_of_whole_seconds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no part of a run"):
        read_steady(text)


@pytest.mark.parametrize(
    ("steady", "executor"),
    [
        (WHOLE, ConstantVUs(1, 40 * NS_PER_S)),
        (
            Steady(10, 30),
            RampingVUs(
                0, (Stage(10 * NS_PER_S, 1), Stage(20 * NS_PER_S, 1), Stage(10 * NS_PER_S, 0))
            ),
        ),
        (Steady(0, 30), RampingVUs(1, (Stage(30 * NS_PER_S, 1), Stage(10 * NS_PER_S, 0)))),
        (Steady(10, 40), RampingVUs(0, (Stage(10 * NS_PER_S, 1), Stage(30 * NS_PER_S, 1)))),
    ],
)
def test_phases_lie_where_the_user_says(steady: Steady, executor: ConstantVUs | RampingVUs) -> None:
    assert scenario_of(steady, 40 * NS_PER_S).executor == executor
