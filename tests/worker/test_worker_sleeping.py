"""Users that sleep: never woken early, each by its own cancellation, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import random
from collections.abc import Callable

import pytest
import uvloop

from atlas_perf.clock import now_ns
from atlas_perf.worker.sleeping import Sleep, asleep

MS = 1_000_000


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


async def test_no_sleep_is_shorter_than_asked_for() -> None:
    chance = random.Random(7)

    async def sleeps(span_ns: int) -> int:
        due_ns = now_ns() + span_ns
        await Sleep(span_ns)
        return now_ns() - due_ns

    spans = [chance.randrange(30 * MS) for _ in range(300)]
    assert min(await asyncio.gather(*map(sleeps, spans))) >= 0
    assert asleep() == 0


async def test_they_wake_in_the_order_of_their_instants_and_of_arrival() -> None:
    woken: list[int] = []
    begin_ns = now_ns()

    async def sleeps(number: int, due_ns: int) -> None:
        await Sleep(due_ns - now_ns())
        woken.append(number)

    dues = [begin_ns + (10 + number * 7 % 20) * MS for number in range(20)]
    await asyncio.gather(*(sleeps(number, due) for number, due in enumerate(dues)))
    assert woken == sorted(range(20), key=lambda number: dues[number])


@pytest.mark.parametrize("span_ns", [0, -MS])
async def test_no_time_is_a_turn_for_the_others(span_ns: int) -> None:
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await Sleep(span_ns)
    assert turns == [1]


async def test_many_that_are_due_at_once_leave_the_loop_its_turns() -> None:
    count = 200
    woken = 0
    seen: list[int] = []

    async def sleeps() -> None:
        nonlocal woken
        await Sleep(MS)
        woken += 1

    def look() -> None:
        seen.append(woken)
        if woken < count:
            loop.call_soon(look)

    loop = asyncio.get_running_loop()
    sleepers = [asyncio.ensure_future(sleeps()) for _ in range(count)]
    await asyncio.sleep(0)
    until_ns = now_ns() + 5 * MS
    while now_ns() < until_ns:  # the loop is kept busy until all of them are due
        pass
    look()
    await asyncio.gather(*sleepers)
    assert any(0 < each < count for each in seen)


async def test_a_cancelled_sleep_ends_now_and_its_neighbours_sleep_on() -> None:
    tasks = [asyncio.ensure_future(Sleep(3600 * 1000 * MS)) for _ in range(500)]
    short = asyncio.ensure_future(Sleep(20 * MS))
    await asyncio.sleep(0)
    assert asleep() == 501
    for task in tasks[1:]:
        task.cancel("enough")
    results = await asyncio.gather(*tasks[1:], return_exceptions=True)
    assert {type(result) for result in results} == {asyncio.CancelledError}
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await tasks[1]
    assert not tasks[0].done()
    assert asleep() <= 130  # tidied up, but for a few
    await short
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    del tasks, short, task, results
    gc.collect()
    assert sum(isinstance(each, Sleep) for each in gc.get_objects()) <= 130


async def test_time_limits_cut_it() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.005):
            await Sleep(3600 * 1000 * MS)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Sleep(3600 * 1000 * MS), 0.005)


async def test_a_task_that_swallows_its_cancellation_can_sleep_again() -> None:
    async def stubborn() -> str:
        try:
            await Sleep(3600 * 1000 * MS)
        except asyncio.CancelledError:
            await Sleep(MS)
        return "done"

    task = asyncio.ensure_future(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "done"


async def test_the_context_of_the_task_is_there_after_waking() -> None:
    who: contextvars.ContextVar[int] = contextvars.ContextVar("who")

    async def sleeps(number: int) -> bool:
        who.set(number)
        await Sleep(MS)
        return who.get() == number

    assert all(await asyncio.gather(*(sleeps(number) for number in range(10))))


async def test_it_can_be_awaited_once() -> None:
    sleep = Sleep(0)
    await sleep
    with pytest.raises(RuntimeError, match="only once"):
        await sleep


def test_one_that_was_forgotten_is_told() -> None:
    with pytest.warns(RuntimeWarning, match="never awaited"):
        Sleep(1)


def test_every_loop_has_sleepers_of_its_own() -> None:
    async def main() -> int:
        pending = asyncio.ensure_future(Sleep(3600 * 1000 * MS))
        await Sleep(MS)
        count = asleep()
        pending.cancel()
        return count

    assert [asyncio.run(main()), uvloop.run(main())] == [1, 1]


async def test_longer_than_any_loop_can_wait() -> None:
    task = asyncio.ensure_future(Sleep(10**40))
    await Sleep(MS)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
