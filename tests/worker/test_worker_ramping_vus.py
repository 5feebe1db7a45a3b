from __future__ import annotations

import pytest
from iteration_log import MS, Iteration, IterationLog, S, execute, stop

from atlas_perf.model.plan import RampingVUs, ScenarioPlan, Stage
from atlas_perf.schedule.shares import share_of_vus


def ramp(
    *stages: tuple[int, int], start: int = 0, down_ms: int = 500, stop_ms: int = 500
) -> ScenarioPlan:
    executor = RampingVUs(start, tuple(Stage(ms * MS, vus) for ms, vus in stages), down_ms * MS)
    return ScenarioPlan("s", executor, graceful_stop_ns=stop_ms * MS)


def users_at(log: IterationLog, ms: float) -> int:
    return sum(one.began_ms <= ms < one.ended_ms for one in log.done)


def test_users_begin_when_the_line_reaches_them():
    log = IterationLog(lasts_ms=10_000)
    execute(ramp((1000, 4)), log, users=4)
    assert log.begun_at() == [250, 500, 750]  # the fourth is reached at the end itself


def test_going_down_a_user_finishes_its_iteration_and_begins_no_other():
    log = IterationLog(lasts_ms=300)
    execute(ramp((1000, 0), (1000, 0), start=2), log, users=2)
    by_user = {user: [one.began_ms for one in log.done if one.user == user] for user in range(2)}
    # The line leaves 1 behind after 500 ms: user 1 finishes what it began at 300.
    assert by_user == {0: [0, 300, 600, 900], 1: [0, 300]}
    assert log.interrupted() == []


def test_graceful_ramp_down_interrupts_what_takes_longer():
    log = IterationLog(lasts_ms=100_000)
    execute(ramp((0, 1), (3000, 1), start=2, down_ms=700, stop_ms=0), log, users=2)
    assert log.interrupted() == [Iteration(0, 0, 3000, True)]
    # A jump to one user at the very beginning never starts the second.
    assert [one.user for one in log.done] == [0]


def test_a_ramped_down_user_is_interrupted_at_its_own_deadline():
    log = IterationLog(lasts_ms=100_000)
    execute(ramp((1000, 2), (0, 1), (3000, 1), start=2, down_ms=700), log, users=2)
    assert sorted((one.user, one.ended_ms) for one in log.interrupted()) == [(0, 4500), (1, 1700)]


def test_graceful_stop_bounds_graceful_ramp_down():
    log = IterationLog(lasts_ms=100_000)
    execute(ramp((1000, 2), (0, 1), (100, 1), start=2, down_ms=9000, stop_ms=50), log, users=2)
    assert {one.ended_ms for one in log.interrupted()} == {1150}


def test_ramp_down_ends_also_after_the_stages_are_over():
    log = IterationLog(lasts_ms=100_000)
    execute(ramp((1000, 2), (0, 1), (100, 1), start=2, down_ms=300, stop_ms=2000), log, users=2)
    assert sorted((one.user, one.ended_ms) for one in log.interrupted()) == [(0, 3100), (1, 1300)]


def test_a_user_that_is_wanted_again_in_time_goes_on_undisturbed():
    log = IterationLog(lasts_ms=1500)
    execute(ramp((1000, 2), (0, 1), (300, 1), (0, 2), (1700, 2), start=2), log, users=2)
    assert [one.began_ms for one in log.done if one.user == 1] == [0, 1500]
    assert log.interrupted() == []


def test_a_user_that_was_interrupted_and_is_wanted_again_begins_anew():
    log = IterationLog(lasts_ms=2000)
    plan = ramp((500, 2), (0, 1), (500, 1), (0, 2), (1000, 2), start=2, down_ms=100, stop_ms=9000)
    execute(plan, log, users=2)
    second = [one for one in log.done if one.user == 1]
    assert second == [Iteration(1, 0, 600, True), Iteration(1, 1000, 3000, False)]


def test_a_user_that_is_wanted_while_it_ends_begins_anew_when_it_has():
    # Interrupted at 600, wanted again at 700, gone at 900.
    log = IterationLog(lasts_ms=2000, tidies_ms=300)
    plan = ramp((500, 2), (0, 1), (200, 1), (0, 2), (3000, 2), start=2, down_ms=100, stop_ms=9000)
    execute(plan, log, users=2)
    assert [one.began_ms for one in log.done if one.user == 1] == [0, 900, 2900]


def test_a_user_that_swallows_its_interruption_goes_on_if_it_is_wanted_again():
    log = IterationLog(lasts_ms=2000, deaf=1)
    plan = ramp((500, 2), (0, 1), (200, 1), (0, 2), (3000, 2), start=2, down_ms=100, stop_ms=9000)
    execute(plan, log, users=2)
    assert [one.began_ms for one in log.done if one.user == 1][:2] == [0, 2600]


def test_stages_without_users_do_not_end_the_scenario():
    log = IterationLog(lasts_ms=100)
    ended = execute(ramp((0, 0), (1000, 0), (0, 1), (1000, 1), start=1), log, users=1)
    assert ended == 2000
    assert log.begun_at()[0] == 1000


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_together_follow_the_plan_at_every_instant(workers):
    plan = ramp((1000, 7), (500, 7), (1000, 2), (500, 2), start=1, down_ms=0, stop_ms=0)
    logs = []
    for worker in range(workers):
        log = IterationLog(lasts_ms=100_000)
        execute(plan, log, users=share_of_vus(7, worker, workers), worker=worker, workers=workers)
        logs.append(log)
    for ms, users in ((1, 1), (170, 2), (990, 6), (1200, 7), (1999, 5), (2600, 2)):
        assert sum(users_at(log, ms) for log in logs) == users, ms


def test_a_graceful_stop_ends_the_ramp():
    log = IterationLog(lasts_ms=400)
    plan = ramp((10_000, 10), (10_000, 0))
    ended = execute(plan, log, users=10, meanwhile=[(3_100, stop(graceful=True))])
    assert 3_100 < ended <= 3_500
    assert log.interrupted() == []
    assert max(one.began_ms for one in log.done) <= 3_100


def test_the_end_is_the_sum_of_the_stages():
    log = IterationLog(lasts_ms=S)
    assert execute(ramp((700, 1), (800, 1), stop_ms=100), log, users=1) == 1600
