"""The open model in virtual time: who takes an arrival, what becomes of it, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iteration_log import MS, Iteration, IterationLog, S, execute, stop
from virtual_time import LoopAlarm, clock, run_in_virtual_time

from atlas_perf.model.plan import (
    ArrivalRate,
    ConstantArrivalRate,
    RampingArrivalRate,
    ScenarioPlan,
    Spacing,
    Stage,
    WhenBusy,
)
from atlas_perf.worker.executors.base import Executor
from atlas_perf.worker.executors.choose import executor_for


def scenario(executor: ArrivalRate, grace_ms: int = 500, start_ms: int = 0) -> ScenarioPlan:
    return ScenarioPlan("s", executor, start_time_ns=start_ms * MS, graceful_stop_ns=grace_ms * MS)


def constant(
    rate: int = 10,
    *,
    made: int = 2,
    most: int | None = None,
    duration_ms: int = 1000,
    queue: bool = False,
) -> ConstantArrivalRate:
    return ConstantArrivalRate(
        rate,
        duration_ms * MS,
        pre_allocated_vus=made,
        max_vus=made if most is None else most,
        when_busy=WhenBusy.QUEUE if queue else WhenBusy.DROP,
    )


def accounted(log: IterationLog) -> bool:
    return log.scheduled == len(log.done) + log.dropped + log.withdrawn


class TestDue:
    def test_iterations_begin_when_they_are_due_however_long_they_take(self):
        log = IterationLog(lasts_ms=150)
        assert execute(scenario(constant()), log, users=2) == pytest.approx(1050)
        assert log.begun_at() == pytest.approx([100 * k for k in range(10)])
        assert (log.scheduled, log.dropped, log.withdrawn) == (10, 0, 0)

    def test_it_begins_at_its_start_time(self):
        log = IterationLog(lasts_ms=10)
        execute(scenario(constant(2), start_ms=300), log, users=2)
        assert log.begun_at() == pytest.approx([300, 800])

    def test_the_executor_lasts_its_duration(self):
        log = IterationLog(lasts_ms=10)
        assert execute(scenario(constant(1, duration_ms=4500)), log, users=2) == 4500

    def test_a_ramp_begins_an_iteration_that_is_due_at_its_very_end(self):
        log = IterationLog(lasts_ms=10)
        ramp = RampingArrivalRate((Stage(2 * S, 4),), pre_allocated_vus=1, max_vus=1)
        execute(scenario(ramp), log, users=1)
        assert log.begun_at() == pytest.approx([1000, 1414.2, 1732.1, 2000], abs=0.1)
        assert log.scheduled == 4

    def test_the_user_that_has_been_free_the_longest_is_next(self):
        log = IterationLog(lasts_ms=10)
        execute(scenario(constant(made=3)), log, users=3)
        assert [one.user for one in log.done] == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]

    def test_what_came_due_while_the_loop_stood_still_begins_at_one_go(self):
        log = IterationLog(lasts_ms=1)
        execute(scenario(constant(made=5)), log, users=5, alarm=StandingStill)
        assert log.begun_at() == pytest.approx([0, 100, 550, 550, 550, 550, 600, 700, 800, 900])
        assert [one.lag_ms for one in log.done][1:7] == pytest.approx([0, 350, 250, 150, 50, 0])

    def test_what_came_due_while_the_loop_stood_still_over_the_end_begins_too(self):
        log = IterationLog(lasts_ms=1)
        execute(scenario(constant(made=5)), log, users=5, alarm=Deaf)
        assert log.begun_at() == pytest.approx([100 * k for k in range(8)] + [1000, 1000])
        assert accounted(log)

    def test_an_alarm_that_rings_early_starts_nothing_early(self):
        class Early(LoopAlarm):
            def set(self, deadline_ns: int) -> None:
                left_ns = deadline_ns - clock()
                super().set(deadline_ns - left_ns // 2 if left_ns > 10 else deadline_ns)

        log = IterationLog(lasts_ms=1)
        execute(scenario(constant()), log, users=2, alarm=Early)
        assert log.begun_at() == pytest.approx([100 * k for k in range(10)])
        assert all(one.lag_ms >= 0 for one in log.done)

    @pytest.mark.parametrize("spacing", Spacing)
    @pytest.mark.parametrize("workers", [1, 2, 3, 5])
    def test_workers_offer_the_plan_between_them(self, workers: int, spacing: Spacing):
        rate = ConstantArrivalRate(50, S, pre_allocated_vus=8, max_vus=8, spacing=spacing)
        begun: list[float] = []
        for worker in range(workers):
            log = IterationLog(lasts_ms=0.1)
            users = len(range(worker, 8, workers))
            execute(scenario(rate), log, users=users, worker=worker, workers=workers)
            assert accounted(log)
            begun += log.begun_at()
        alone = IterationLog(lasts_ms=0.1)
        execute(scenario(rate), alone, users=8)
        assert sorted(begun) == pytest.approx(alone.begun_at())
        assert len(begun) == 50

    def test_workers_without_a_user_take_no_arrival(self):
        rate = constant(made=2)
        logs = [IterationLog(lasts_ms=1) for _ in range(4)]
        for worker, log in enumerate(logs):
            users = len(range(worker, 2, 4))
            execute(scenario(rate), log, users=users, worker=worker, workers=4)
        assert [len(log.done) for log in logs] == [5, 5, 0, 0]
        assert [log.scheduled for log in logs] == [5, 5, 0, 0]


class StandingStill(LoopAlarm):
    """Rings 350 ms late whatever it was set to between 200 and 550 ms."""

    def set(self, deadline_ns: int) -> None:
        super().set(550 * MS if 200 * MS <= deadline_ns < 550 * MS else deadline_ns)


class Deaf(LoopAlarm):
    """Does not ring after 800 ms."""

    def set(self, deadline_ns: int) -> None:
        if deadline_ns < 800 * MS:
            super().set(deadline_ns)


class TestBusy:
    def test_an_arrival_that_finds_every_user_busy_is_dropped(self):
        log = IterationLog(lasts_ms=250)
        execute(scenario(constant(made=1)), log, users=1)
        assert log.begun_at() == pytest.approx([0, 300, 600, 900])
        assert (log.scheduled, log.dropped) == (10, 6)

    def test_users_are_made_as_they_are_needed_and_nothing_is_dropped_meanwhile(self):
        log = IterationLog(lasts_ms=350)
        execute(scenario(constant(made=1, most=4)), log, users=4)
        assert log.begun_at() == pytest.approx([100 * k for k in range(10)])
        assert [one.user for one in log.done[:4]] == [0, 1, 2, 3]
        assert log.dropped == 0

    def test_users_may_all_be_made_as_they_are_needed(self):
        log = IterationLog(lasts_ms=10)
        execute(scenario(constant(made=0, most=3)), log, users=3)
        assert [one.user for one in log.done] == [0] * 10
        assert accounted(log)

    def test_of_arrivals_at_one_go_as_many_begin_as_there_may_be_users(self):
        log = IterationLog(lasts_ms=10_000)
        plan = scenario(constant(made=0, most=4), grace_ms=0)
        execute(plan, log, users=4, alarm=StandingStill)  # four fall due at one go, two before
        assert log.begun_at() == pytest.approx([0, 100, 550, 550])
        assert log.dropped == 6

    def test_an_arrival_at_the_very_end_begins_with_a_user_made_for_it(self):
        log = IterationLog(lasts_ms=10)
        ramp = RampingArrivalRate((Stage(2 * S, 1),), pre_allocated_vus=0, max_vus=1)
        assert execute(scenario(ramp), log, users=1, alarm=Deaf) == pytest.approx(2010)
        assert (log.begun_at(), log.dropped) == ([2000], 0)

    def test_a_user_that_is_done_first_takes_the_arrival_that_another_was_made_for(self):
        # Both arrivals at one instant: the second finds a user free that the loop made in between.
        log = IterationLog(lasts_ms=0)
        execute(scenario(constant(1000, made=1, most=3, duration_ms=20)), log, users=3)
        assert len(log.done) == 20
        assert accounted(log)

    def test_only_what_is_left_over_of_users_is_dropped(self):
        log = IterationLog(lasts_ms=10_000)
        execute(scenario(constant(made=1, most=4), grace_ms=0), log, users=4)
        assert (len(log.done), log.dropped) == (4, 6)
        assert len(log.interrupted()) == 4

    def test_an_arrival_waits_for_a_user_if_the_plan_queues(self):
        log = IterationLog(lasts_ms=150)
        ended = execute(scenario(constant(made=1, queue=True), grace_ms=5000), log, users=1)
        assert ended == pytest.approx(1500)  # beyond the end, within the graceful stop
        assert log.begun_at() == pytest.approx([150 * k for k in range(10)])
        assert [one.waited_ms for one in log.done] == pytest.approx([50 * k for k in range(10)])
        assert all(one.lag_ms == pytest.approx(0) for one in log.done)
        assert log.dropped == 0

    def test_what_still_waits_at_the_cut_is_dropped(self):
        log = IterationLog(lasts_ms=300)
        ended = execute(scenario(constant(made=1, queue=True), grace_ms=350), log, users=1)
        assert ended == 1350
        assert log.begun_at() == pytest.approx([0, 300, 600, 900, 1200])
        assert [one.began_ms for one in log.interrupted()] == pytest.approx([1200])
        assert (log.scheduled, log.dropped) == (10, 5)

    @pytest.mark.parametrize("stopped", [False, True])
    def test_what_still_waits_at_the_cut_is_told_how_long_it_had_been_due(self, stopped: bool):
        """One user is busy all the time: nine arrivals wait, or those that came before a stop."""
        log = IterationLog(lasts_ms=10_000)
        plan = scenario(constant(made=1, queue=True), grace_ms=200)
        meanwhile = [(450, stop(graceful=False))] if stopped else []
        execute(plan, log, users=1, meanwhile=meanwhile)
        due_ms = [100 * k for k in range(1, 5 if stopped else 10)]
        end_ms = 450 if stopped else 1200
        assert log.never_begun_ms == pytest.approx([end_ms - due for due in due_ms])
        assert accounted(log)

    def test_where_arrivals_are_dropped_none_waits(self):
        log = IterationLog(lasts_ms=10_000)
        execute(scenario(constant(made=1)), log, users=1)
        assert log.never_begun_ms == []

    def test_a_user_that_waits_out_the_shortest_iteration_is_busy(self):
        log = IterationLog(lasts_ms=10, rests_ms=140)
        execute(scenario(constant(made=1)), log, users=1)
        assert log.begun_at() == pytest.approx([0, 200, 400, 600, 800])
        assert log.dropped == 5

    def test_what_waits_for_a_user_that_rests_at_the_end_begins_all_the_same(self):
        log = IterationLog(lasts_ms=10, rests_ms=440)
        execute(scenario(constant(made=1, queue=True), grace_ms=5000), log, users=1)
        assert len(log.done) == 10
        assert accounted(log)


class TestStop:
    def test_a_stop_withdraws_what_has_not_begun(self):
        log = IterationLog(lasts_ms=400)
        plan = scenario(constant(made=1, queue=True))
        ended = execute(plan, log, users=1, meanwhile=[(550, stop(graceful=True))])
        assert ended == pytest.approx(800)
        assert log.begun_at() == pytest.approx([0, 400])
        assert (log.scheduled, log.withdrawn, log.dropped) == (10, 8, 0)

    def test_a_stop_keeps_what_was_dropped_before(self):
        log = IterationLog(lasts_ms=10_000)
        execute(scenario(constant(made=1)), log, users=1, meanwhile=[(550, stop(graceful=False))])
        assert (log.scheduled, len(log.done), log.dropped, log.withdrawn) == (10, 1, 5, 4)

    def test_a_hard_stop_at_the_instant_of_an_arrival_loses_no_count(self):
        log = IterationLog(lasts_ms=50)
        plan = scenario(constant())
        execute(plan, log, users=2, meanwhile=[(300, stop(graceful=False))])
        assert accounted(log)

    def test_a_stop_before_it_ran_takes_everything_back(self):
        log = IterationLog(lasts_ms=400)

        async def main() -> None:
            executor = executor_for(
                scenario(constant()), [0, 1], log, worker=0, workers=1, clock=clock, alarm=LoopAlarm
            )
            executor.stop(graceful=True)
            await executor.run(0)

        run_in_virtual_time(main())
        assert (log.scheduled, log.withdrawn, log.dropped) == (10, 10, 0)

    def test_a_stop_while_a_user_is_being_made(self):
        log = IterationLog(lasts_ms=400)
        plan = scenario(constant(1000, made=0, most=50, duration_ms=100))
        execute(plan, log, users=50, meanwhile=[(2, stop(graceful=True))])
        assert accounted(log)


times_ms = st.sampled_from([0, 1, 99, 100, 250, 1000, 4000])
stops = st.none() | st.tuples(st.sampled_from([0, 1, 100, 350, 500, 1000, 1200]), st.booleans())


@settings(deadline=None)
@given(
    made=st.integers(0, 3),
    more=st.integers(0, 3),
    queue=st.booleans(),
    rate=st.sampled_from([1, 9, 10, 40]),
    lasts_ms=times_ms,
    rests_ms=times_ms,
    grace_ms=times_ms,
    tidies_ms=st.sampled_from([0, 30]),
    stopped=stops,
)
def test_every_arrival_is_started_dropped_or_withdrawn(  # noqa: PLR0917 - hypothesis names them
    made: int,
    more: int,
    queue: bool,
    rate: int,
    lasts_ms: float,
    rests_ms: float,
    grace_ms: int,
    tidies_ms: float,
    stopped: tuple[float, bool] | None,
) -> None:
    if made + more == 0:
        return
    log = IterationLog(lasts_ms=lasts_ms, rests_ms=rests_ms, tidies_ms=tidies_ms)
    meanwhile: list[tuple[float, Callable[[Executor], object]]] = []
    if stopped is not None:
        meanwhile.append((stopped[0], stop(graceful=stopped[1])))
    plan = scenario(constant(rate, made=made, most=made + more, queue=queue), grace_ms=grace_ms)
    execute(plan, log, users=made + more, meanwhile=meanwhile)
    assert accounted(log)
    if stopped is None:
        assert log.withdrawn == 0
    assert all(_after_its_time(one) for one in log.done)


def _after_its_time(one: Iteration) -> bool:
    return one.lag_ms is not None and one.lag_ms >= 0 and one.waited_ms >= 0


def test_users_at_work_are_those_that_iterate():
    log = IterationLog(lasts_ms=150)
    seen: list[tuple[int, int]] = []

    def look(executor: Executor) -> None:
        seen.append((executor.active_users, executor.peak_users))

    execute(
        scenario(constant(made=4)), log, users=4, meanwhile=[(40, look), (120, look), (1200, look)]
    )
    assert seen == [(1, 1), (2, 2)]


def test_a_bug_in_our_own_task_ends_the_executor():
    class Broken(IterationLog):
        async def run(self, user: int) -> None:
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute(scenario(constant(1)), Broken(lasts_ms=1), users=2)


def test_a_bug_where_arrivals_are_released_ends_the_executor():
    class Broken(LoopAlarm):
        def set(self, deadline_ns: int) -> None:
            if deadline_ns:
                raise ZeroDivisionError
            super().set(deadline_ns)

    log = IterationLog(lasts_ms=1)
    with pytest.raises(ZeroDivisionError):
        execute(scenario(constant(made=0, most=1)), log, users=1, alarm=Broken)
    assert log.done == []
