"""Lifecycles follow from the instant of creation."""

from __future__ import annotations

import math
from statistics import median

import pytest

from atlas_perf.target.lifecycle import (
    MODE_NOMINAL_MS,
    PENDING_SHARE,
    RUN_NOMINAL_MS,
    SPREAD,
    TASK_NOMINAL_MS,
    Lifecycle,
    LifecycleSource,
    Status,
)
from atlas_perf.target.tasks import PACE
from atlas_perf.units import NS_PER_MS


def source(seed: str = "s", **settings) -> LifecycleSource:
    return LifecycleSource(TASK_NOMINAL_MS, **{"seed": seed, "failure_share": 0.0, **settings})


def test_status_is_decided_by_the_moment_alone() -> None:
    life = Lifecycle(created_ns=100, running_from_ns=120, ended_ns=200, outcome=Status.COMPLETED)
    moments = (100, 119, 120, 199, 200, 10_000)
    assert [life.status_at(moment) for moment in moments] == [
        Status.PENDING,
        Status.PENDING,
        Status.RUNNING,
        Status.RUNNING,
        Status.COMPLETED,
        Status.COMPLETED,
    ]


def test_the_first_two_statuses_are_not_terminal() -> None:
    assert [status.terminal for status in Status] == [False, False, True, True, True]


def test_ending_from_outside_is_possible_once() -> None:
    life = Lifecycle(created_ns=100, running_from_ns=120, ended_ns=200, outcome=Status.COMPLETED)
    assert life.end(150, Status.CANCELLED)
    assert life.status_at(150) is Status.CANCELLED
    assert not life.end(151, Status.COMPLETED)
    assert life.status_at(999) is Status.CANCELLED


@pytest.mark.parametrize("kind", TASK_NOMINAL_MS)
def test_half_of_all_tasks_take_less_than_the_nominal_time(kind: str) -> None:
    draws = source()
    lives = [draws.begin(kind, 0) for _ in range(2000)]
    nominal_ns = TASK_NOMINAL_MS[kind] * NS_PER_MS
    # The median of n lognormal draws has a standard error of 1.25 sigma / sqrt(n): five of them.
    tolerance = 5 * 1.25 * SPREAD / math.sqrt(len(lives))
    assert median(life.ended_ns for life in lives) == pytest.approx(nominal_ns, rel=tolerance)
    for life in lives:
        assert life.running_from_ns == pytest.approx(PENDING_SHARE * life.ended_ns, abs=1)


POLL_MS = 260
"""What the scenarios' polls are apart, and one answer."""


@pytest.mark.parametrize(
    ("nominal_ms", "scale", "first_poll_ms"),
    [
        (RUN_NOMINAL_MS, 1, 1010),
        (MODE_NOMINAL_MS, 1, 1010),
        (MODE_NOMINAL_MS, 1, POLL_MS),
        (TASK_NOMINAL_MS, PACE, POLL_MS),
    ],
)
def test_ends_are_seen_well_within_the_baseline_of_2_s(nominal_ms, scale, first_poll_ms) -> None:
    """A healthy target on a busy machine has a fifth of it to spare."""
    draws = LifecycleSource(nominal_ms, seed="s", failure_share=0.0, scale=scale)
    kinds = list(nominal_ms)
    ends_ms = (draws.begin(kinds[n % len(kinds)], 0).ended_ns / NS_PER_MS for n in range(4000))
    seen_ms = sorted(
        first_poll_ms + POLL_MS * max(0, math.ceil((end_ms - first_poll_ms) / POLL_MS))
        for end_ms in ends_ms
    )
    assert seen_ms[int(0.95 * len(seen_ms))] <= 1600
    assert seen_ms[int(0.99 * len(seen_ms))] < 5000


def test_the_same_seed_gives_the_same_lives_whatever_the_kinds() -> None:
    ours, theirs, other = source("a"), source("a"), source("b")
    first = [ours.begin("linting", 0).ended_ns for _ in range(20)]
    theirs.begin("security_scan", 0)
    assert [theirs.begin("linting", 0).ended_ns for _ in range(19)] == first[1:]
    assert [other.begin("linting", 0).ended_ns for _ in range(20)] != first


def test_the_failure_share_is_the_share_that_fails() -> None:
    draws = source(failure_share=0.25)
    failed = sum(draws.begin("linting", 0).outcome is Status.FAILED for _ in range(4000))
    assert failed == pytest.approx(1000, abs=5 * math.sqrt(4000 * 0.25 * 0.75))


def test_scale_zero_ends_at_once() -> None:
    life = source(scale=0).begin("security_scan", 77)
    assert life.status_at(77) is Status.COMPLETED
