from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from virtual_time import clock, run_in_virtual_time

from atlas_perf.model.batch import Ledger
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user
from atlas_perf.worker.exception_log import ExceptionLog
from atlas_perf.worker.executors.choose import executor_for
from atlas_perf.worker.interruption import interrupt
from atlas_perf.worker.iteration import IterationRunner

IterationFunction = Callable[..., Awaitable[object]]

MS = 1_000_000


def runner(
    vu: FakeVirtualUser,
    function: IterationFunction,
    min_duration_ms: int = 0,
    exceptions: ExceptionLog | None = None,
) -> IterationRunner:
    return IterationRunner(
        "shop",
        function,
        recorder=vu._list,
        exceptions=exceptions or ExceptionLog(__file__),
        tags=(("scenario", "shop"),),
        min_duration_ns=min_duration_ms * MS,
        clock=clock,
    )


def samples(vu: FakeVirtualUser) -> list[tuple[str, float]]:
    return [(one.metric, one.value) for one in vu.recorded]


def test_a_completed_iteration():
    async def default(vu, data):
        assert (vu.iteration, data) == (1, "data")
        await asyncio.sleep(0.25)

    async def main() -> None:
        with fake_virtual_user(data="data") as vu:
            run = runner(vu, default)
            await run.run(vu)
            assert run.ledger == Ledger(scheduled=1, started=1, completed=1)
            assert run.last_end_ns == 250 * MS
            assert samples(vu) == [
                ("iterations", 1),
                ("iteration_duration", 250),
                ("iteration_failed", 0),
            ]

    run_in_virtual_time(main())


def test_a_failed_iteration_counts_as_an_iteration_too():
    async def default(vu, data):
        raise LookupError("no such order")

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            await run.run(vu)
            await run.run(vu)
            assert run.ledger == Ledger(scheduled=2, started=2, failed=2)
            assert samples(vu)[:3] == [
                ("iterations", 1),
                ("iteration_duration", 0),
                ("iteration_failed", 1),
            ]

    run_in_virtual_time(main())


@pytest.mark.parametrize("own", [True, False])
def test_only_our_cancellation_is_an_interruption(own):
    async def default(vu, data):
        await asyncio.sleep(0.1)
        if not own:
            raise asyncio.CancelledError
        await asyncio.sleep(100)

    async def main() -> Ledger:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            task = asyncio.create_task(run.run(vu))
            await asyncio.sleep(0.5)
            if own:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled() is own
            assert len(samples(vu)) == (0 if own else 3)
            assert run.last_end_ns == (500 if own else 100) * MS
            return run.ledger

    ledger = run_in_virtual_time(main())
    assert ledger == (
        Ledger(scheduled=1, started=1, interrupted=1)
        if own
        else Ledger(scheduled=1, started=1, failed=1)
    )


@pytest.mark.parametrize("mistake", ["vu.tags = None", "vu.tags['n'] = None"])
def test_a_mistake_with_tags_fails_the_iteration_at_its_line(mistake, tmp_path):
    file = tmp_path / "shop.py"
    file.write_text(f"async def default(vu, data):\n    {mistake}\n")
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)

    async def main() -> None:
        with fake_virtual_user() as vu:
            exceptions = ExceptionLog(str(file))
            run = runner(vu, names["default"], exceptions=exceptions)
            await run.run(vu)
            assert run.ledger == Ledger(scheduled=1, started=1, failed=1)
            (told,) = exceptions.snapshot()
            assert (told.kind, told.file, told.line) == ("TypeError", str(file), 2)
            assert ("iteration_failed", 1) in samples(vu)

    run_in_virtual_time(main())


async def swallow() -> None:
    return None


async def turn_into_another() -> None:
    raise LookupError("cleaning up went wrong")


@pytest.mark.parametrize("afterwards", [swallow, turn_into_another])
def test_an_iteration_that_catches_our_cancellation_is_interrupted_all_the_same(afterwards):
    async def default(vu, data):
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            await afterwards()

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            task = asyncio.create_task(run.run(vu))
            await asyncio.sleep(0.5)
            interrupt(task)
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
            assert samples(vu) == []
            assert run.ledger == Ledger(scheduled=1, started=1, interrupted=1)

    run_in_virtual_time(main())


@pytest.mark.parametrize("afterwards", [swallow, turn_into_another])
def test_an_iteration_that_is_cut_off_counts_with_its_age_at_the_cut(afterwards):
    """What it does after that, such as cleaning up, it might have done without being asked."""

    async def default(vu, data):
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            await asyncio.sleep(3)
            await afterwards()

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            await asyncio.sleep(0.2)
            task = asyncio.create_task(run.run(vu))
            await asyncio.sleep(0.5)
            vu.cut_off(clock())
            interrupt(task)
            await asyncio.sleep(1)
            vu.cut_off(clock())  # as executors do of one that goes on
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
            assert samples(vu) == [("iteration_duration", 500)]
            assert vu.recorded[0].tags == {"scenario": "test", "expected_response": "unknown"}
            assert run.ledger == Ledger(scheduled=1, started=1, interrupted=1)
            # The next ones are their own.
            await runner(vu, at_once).run(vu)
            assert samples(vu)[1:] == [
                ("iterations", 1),
                ("iteration_duration", 0),
                ("iteration_failed", 0),
            ]
            assert "expected_response" not in vu.recorded[2].tags
            task = asyncio.create_task(run.run(vu))
            await asyncio.sleep(0.25)
            vu.cut_off(clock())
            interrupt(task)
            await asyncio.gather(task, return_exceptions=True)
            assert samples(vu)[4:] == [("iteration_duration", 250)]

    run_in_virtual_time(main())


async def at_once(vu, data) -> None:
    return None


def test_the_cut_of_an_executor_cannot_be_swallowed():
    async def default(vu, data):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(30)

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            plan = ScenarioPlan("shop", ConstantVUs(1, 1000 * MS), graceful_stop_ns=0)
            await executor_for(plan, [vu], run, worker=0, workers=1, clock=clock).run(0)
            assert clock() == 1000 * MS
            assert run.ledger == Ledger(scheduled=1, started=1, interrupted=1)
            assert samples(vu) == [("iteration_duration", 1000)]
            assert vu.recorded[0].tags["expected_response"] == "unknown"

    run_in_virtual_time(main())


async def fail() -> None:
    raise LookupError


def test_an_iteration_that_survives_a_task_group_of_its_own_is_completed():
    async def default(vu, data):
        with contextlib.suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, default)
            await asyncio.create_task(run.run(vu))
            assert run.ledger == Ledger(scheduled=1, started=1, completed=1)

    run_in_virtual_time(main())


def test_a_cancellation_of_long_ago_interrupts_no_later_iteration():
    async def default(vu, data):
        await asyncio.sleep(0.1)
        if vu.iteration == 1:
            raise asyncio.CancelledError

    async def main() -> Ledger:
        with fake_virtual_user() as vu:
            run = runner(vu, default)

            async def lane() -> None:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(100)
                await run.run(vu)
                await run.run(vu)

            task = asyncio.create_task(lane())
            await asyncio.sleep(0.5)
            task.cancel()
            await task
            return run.ledger

    assert run_in_virtual_time(main()) == Ledger(scheduled=2, started=2, completed=1, failed=1)


def test_an_iteration_under_way_is_in_flight():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(1))
            task = asyncio.create_task(run.run(vu))
            await asyncio.sleep(0.5)
            assert run.ledger.in_flight == 1
            assert not run.ledger.balanced
            await task
            assert run.ledger.balanced

    run_in_virtual_time(main())


@pytest.mark.parametrize(("scheduled", "zeros"), [(2, 1), (None, 0)])
def test_that_none_was_dropped_is_a_sample_where_any_could_be(scheduled, zeros):
    """Or `dropped_iterations: count<1` would have no data where it holds."""

    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(0))
            if scheduled is not None:
                run.schedule(scheduled)
            await run.run(vu)
            await run.run(vu)
            dropped = [value for name, value in samples(vu) if name == "dropped_iterations"]
            assert dropped == [0] * zeros

    run_in_virtual_time(main())


def test_dropped_iterations_are_scheduled_and_recorded():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(0))
            run.drop(0)
            assert samples(vu) == []
            run.drop(5)
            assert run.ledger == Ledger(scheduled=5, dropped=5)
            assert samples(vu) == [("dropped_iterations", 5)]
            assert vu.recorded[0].tags == {"scenario": "shop"}

    run_in_virtual_time(main())


def test_what_was_scheduled_beforehand_is_not_what_was_started():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(0))
            run.schedule(9)
            await run.run(vu)
            run.drop(5)
            assert run.ledger == Ledger(scheduled=9, started=1, dropped=5, completed=1)
            assert not run.ledger.balanced  # 3 are nowhere
            run.withdraw(3)
            assert run.ledger.balanced

    run_in_virtual_time(main())


@pytest.mark.parametrize(("lasts_ms", "until_ms"), [(30, 200), (200, 200), (350, 350)])
def test_rest_pads_to_the_shortest_iteration(lasts_ms, until_ms):
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(lasts_ms / 1000), min_duration_ms=200)
            await run.run(vu)
            await run.rest(0)
            assert clock() == until_ms * MS
            assert dict(samples(vu))["iteration_duration"] == lasts_ms

    run_in_virtual_time(main())


def test_rest_lets_others_run_even_without_a_shortest_iteration():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, lambda vu, data: asyncio.sleep(0))
            others: list[int] = []
            asyncio.get_running_loop().call_soon(others.append, 1)
            await run.rest(0)
            assert others == [1]

    run_in_virtual_time(main())


def test_an_arrival_is_recorded_with_its_lag_and_its_wait_apart():
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, scenario_that_does_nothing)
            run.arrived(vu, 3 * MS, 0, 10 * MS)
            run.arrived(vu, 2 * MS, 7 * MS, 20 * MS)
            assert samples(vu) == [
                ("iteration_lag", 3),
                ("iteration_lag", 2),
                ("iteration_wait", 7),
            ]
            assert {tuple(one.tags.items()) for one in vu.recorded} == {(("scenario", "shop"),)}
            assert vu.http.late_ns == 9 * MS  # for the iteration's first request

    run_in_virtual_time(main())


@pytest.mark.parametrize("asks", [False, True])
def test_arrivals_that_never_begin_have_an_age_where_iterations_make_requests(asks):
    async def main() -> None:
        with fake_virtual_user() as vu:
            run = runner(vu, scenario_that_does_nothing)
            run.arrived(vu, 3 * MS, 0, 10 * MS)
            if asks:
                vu.http.late_ns = 0  # what a request makes of it
            run.never_begun([50 * MS, 40 * MS], 90 * MS)
            ages = [one for one in vu.recorded if one.metric == "http_req_response_time"]
            assert [one.value for one in ages] == ([50, 40] if asks else [])
            assert all(
                one.tags == {"scenario": "shop", "expected_response": "unknown"} for one in ages
            )

    run_in_virtual_time(main())


async def scenario_that_does_nothing(vu, data):
    pass
