from __future__ import annotations

import asyncio

import pytest
from iteration_log import MS, Iteration, IterationLog, S, User, execute, stop
from virtual_time import clock, run_in_virtual_time

from atlas_perf.model.plan import (
    ConstantVUs,
    PerVUIterations,
    ScenarioPlan,
    SharedIterations,
)
from atlas_perf.worker.executors.choose import executor_for


def constant(duration_ms: int = 1000, grace_ms: int = 500, start_ms: int = 0) -> ScenarioPlan:
    return ScenarioPlan(
        "s",
        ConstantVUs(3, duration_ms * MS),
        start_time_ns=start_ms * MS,
        graceful_stop_ns=grace_ms * MS,
    )


class TestConstantVUs:
    def test_every_user_iterates_until_the_end_and_finishes_what_it_began(self):
        log = IterationLog(lasts_ms=300)
        assert execute(constant(), log, users=3) == 1200
        assert sorted(log.begun_at()) == [0, 0, 0, 300, 300, 300, 600, 600, 600, 900, 900, 900]
        assert log.scheduled is None  # the plan says no number
        assert log.interrupted() == []
        assert log.dropped == 0

    def test_no_iteration_begins_at_the_end_itself(self):
        log = IterationLog(lasts_ms=500)
        assert execute(constant(), log, users=1) == 1000
        assert log.begun_at() == [0, 500]

    def test_it_begins_at_its_start_time(self):
        log = IterationLog(lasts_ms=400)
        assert execute(constant(start_ms=2000), log, users=1) == 3200
        assert log.begun_at() == [2000, 2400, 2800]

    def test_what_outlasts_graceful_stop_is_interrupted_there(self):
        log = IterationLog(lasts_ms=lambda one: 700 if one.user else 10_000)
        assert execute(constant(), log, users=2) == 1500
        assert [(one.user, one.ended_ms) for one in log.interrupted()] == [(0, 1500)]
        assert [one.ended_ms for one in log.done if one.user == 1] == [700, 1400]

    def test_without_grace_the_end_interrupts(self):
        log = IterationLog(lasts_ms=300)
        assert execute(constant(grace_ms=0), log, users=1) == 1000
        assert log.interrupted() == [Iteration(0, 900, 1000, True)]

    def test_an_iteration_that_swallows_its_cancellation_is_cancelled_again(self):
        log = IterationLog(lasts_ms=100_000, deaf=2)
        assert execute(constant(), log, users=1) == 1500 + 2 * 1000
        assert len(log.interrupted()) == 1

    def test_a_worker_without_users_is_done_at_once(self):
        assert execute(constant(), IterationLog(lasts_ms=1), users=0) == 0

    def test_a_user_that_rests_at_the_end_is_not_waited_for(self):
        log = IterationLog(lasts_ms=100, rests_ms=5000)
        assert execute(constant(), log, users=1) == 1000
        assert [one.interrupted for one in log.done] == [False]


class TestStop:
    def test_a_graceful_stop_lets_running_iterations_finish(self):
        log = IterationLog(lasts_ms=400)
        ended = execute(constant(60_000), log, users=2, meanwhile=[(500, stop(graceful=True))])
        assert ended == 800
        assert log.interrupted() == []
        assert len(log.done) == 4

    def test_a_graceful_stop_interrupts_after_graceful_stop_counted_from_the_stop(self):
        log = IterationLog(lasts_ms=5000)
        ended = execute(constant(60_000), log, users=2, meanwhile=[(700, stop(graceful=True))])
        assert ended == 1200
        assert len(log.interrupted()) == 2

    def test_a_hard_stop_interrupts_now(self):
        log = IterationLog(lasts_ms=5000)
        ended = execute(constant(60_000), log, users=2, meanwhile=[(700, stop(graceful=False))])
        assert ended == 700
        assert len(log.interrupted()) == 2

    def test_a_hard_stop_overtakes_a_graceful_one(self):
        log = IterationLog(lasts_ms=5000)
        stops = [(700, stop(graceful=True)), (900, stop(graceful=False))]
        assert execute(constant(60_000), log, users=1, meanwhile=stops) == 900

    def test_a_stop_before_the_start_time_begins_nothing(self):
        log = IterationLog(lasts_ms=100)
        plan = constant(start_ms=2000)
        assert execute(plan, log, users=1, meanwhile=[(500, stop(graceful=True))]) == 500
        assert log.done == []

    def test_a_stop_before_it_ran_begins_nothing(self):
        log = IterationLog(lasts_ms=100)

        async def main() -> None:
            executor = executor_for(constant(), [0], log, worker=0, workers=1, clock=clock)
            executor.stop(graceful=True)
            await executor.run(0)

        run_in_virtual_time(main())
        assert log.done == []

    def test_what_a_stop_leaves_undone_is_not_dropped(self):
        # It was never due: the run was cut short on purpose.
        log = IterationLog(lasts_ms=400)
        plan = ScenarioPlan("s", SharedIterations(2, 100), graceful_stop_ns=S)
        execute(plan, log, users=2, meanwhile=[(500, stop(graceful=True))])
        assert (len(log.done), log.dropped) == (4, 0)
        assert (log.scheduled, log.withdrawn) == (100, 96)

    def test_a_stop_before_it_ran_takes_everything_back(self):
        log = IterationLog(lasts_ms=400)
        plan = ScenarioPlan("s", PerVUIterations(2, 5))

        async def main() -> None:
            executor = executor_for(plan, [0, 1], log, worker=0, workers=1, clock=clock)
            executor.stop(graceful=True)
            await executor.run(0)

        run_in_virtual_time(main())
        assert (log.scheduled, log.withdrawn, log.dropped) == (10, 10, 0)


class TestSharedIterations:
    def test_free_users_take_what_is_left(self):
        log = IterationLog(lasts_ms=lambda one: 100 if one.user else 1000)
        plan = ScenarioPlan("s", SharedIterations(2, 8))
        assert execute(plan, log, users=2) == 1000
        assert [one.user for one in log.done].count(0) == 1
        assert len(log.done) == 8
        assert log.dropped == 0

    @pytest.mark.parametrize("workers", [1, 2, 3, 5])
    def test_workers_run_exactly_the_plan_between_them(self, workers):
        plan = ScenarioPlan("s", SharedIterations(4, 41))
        total = 0
        for worker in range(workers):
            log = IterationLog(lasts_ms=1)
            users = len(range(worker, 4, workers))
            execute(plan, log, users=users, worker=worker, workers=workers)
            total += len(log.done)
            assert log.scheduled == len(log.done)
        assert total == 41

    def test_what_max_duration_leaves_is_dropped(self):
        log = IterationLog(lasts_ms=400)
        plan = ScenarioPlan("s", SharedIterations(2, 10, S), graceful_stop_ns=S)
        assert execute(plan, log, users=2) == 1200
        assert (len(log.done), log.dropped) == (6, 4)


class TestPerVUIterations:
    def test_every_user_runs_the_same_number(self):
        log = IterationLog(lasts_ms=lambda one: 100 * (one.user + 1))
        plan = ScenarioPlan("s", PerVUIterations(3, 4))
        assert execute(plan, log, users=3) == 1200
        assert [[one.user for one in log.done].count(user) for user in range(3)] == [4, 4, 4]
        assert log.scheduled == 12

    def test_what_max_duration_leaves_is_dropped(self):
        log = IterationLog(lasts_ms=lambda one: 100 if one.user else 900)
        plan = ScenarioPlan("s", PerVUIterations(2, 5, S), graceful_stop_ns=0)
        assert execute(plan, log, users=2) == 1000
        assert (len(log.done), log.dropped) == (2 + 5, 3)
        assert [one.user for one in log.interrupted()] == [0]


def test_a_bug_in_our_own_task_ends_the_executor():
    class Broken(IterationLog):
        async def run(self, user: int) -> None:
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute(constant(), Broken(lasts_ms=1), users=1)


def test_users_are_counted_while_they_are_at_work():
    log = IterationLog(lasts_ms=300)
    seen: list[tuple[int, int]] = []

    def look(executor) -> None:
        seen.append((executor.active_users, executor.peak_users))

    execute(constant(), log, users=3, meanwhile=[(100, look), (1100, look), (1200.001, look)])
    assert seen == [(3, 3), (3, 3)]


@pytest.mark.parametrize("child", [False, True])
def test_a_user_knows_that_its_time_is_up_before_anything_of_its_is_cancelled(child):
    """A task that waits for others passes its cancellation on before it hears of it itself."""
    heard: list[bool] = []

    class Watching(IterationLog):
        async def run(self, user: User) -> None:
            waiting = self.wait(user)
            await (asyncio.gather(waiting) if child else waiting)

        async def wait(self, user: User) -> None:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                heard.append(user.cut)
                raise

    plan = ScenarioPlan("s", ConstantVUs(2, 1000 * MS), graceful_stop_ns=100 * MS)
    execute(plan, Watching(lasts_ms=0), users=2)
    assert heard == [True, True]
