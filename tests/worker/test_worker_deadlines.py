from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable

import pytest
import uvloop
from virtual_time import clock, run_in_virtual_time

from atlas_perf.clock import now_ns
from atlas_perf.worker.deadlines import delay_s, sleep_until
from atlas_perf.worker.health import resident_bytes

MS = 1_000_000


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.mark.parametrize(
    ("left_ns", "seconds"),
    [(-1, 0), (0, 0), (1, 0.001), (MS, 0.001), (MS + 1, 0.002), (1500 * MS, 1.5)],
)
def test_a_delay_is_rounded_up_to_the_grain_of_timers(left_ns, seconds):
    assert delay_s(1_000 * MS + left_ns, lambda: 1_000 * MS) == seconds


async def test_no_deadline_is_met_early_on_a_loop_whose_timers_are():
    # uvloop's own sleep of 5 ms returns early now and then.
    for _ in range(40):
        deadline_ns = now_ns() + 2_300_000
        await sleep_until(deadline_ns)
        assert now_ns() >= deadline_ns


async def test_a_deadline_that_has_passed_lets_others_run_once():
    turns: list[int] = []
    asyncio.get_running_loop().call_soon(turns.append, 1)
    await sleep_until(now_ns() - MS)
    assert turns == [1]


def test_deadlines_do_not_drift_where_sleeps_would():
    async def main() -> int:
        for beat in range(1, 11):
            await asyncio.sleep(0.03)  # the work of each beat
            await sleep_until(beat * 100 * MS, clock)
        return clock()

    assert run_in_virtual_time(main()) == 1000 * MS


def test_a_timer_that_fires_early_is_asked_again():
    fires_at = iter([0.0004, 0.0009, 0.002])
    asked: list[float] = []

    async def main() -> None:
        now = 0.0

        async def early(delay: float) -> None:
            nonlocal now
            asked.append(delay)
            now = next(fires_at)

        real, asyncio.sleep = asyncio.sleep, early
        try:
            await sleep_until(MS, lambda: round(now * 1e9))
        finally:
            asyncio.sleep = real

    asyncio.run(main())
    assert asked == [0.001, 0.001, 0.001]


def test_memory_is_that_of_this_process():
    before = resident_bytes()
    with mmap.mmap(-1, 50_000_000) as ballast:  # pages of its own, and none that were free already
        for page in range(0, len(ballast), mmap.PAGESIZE):
            ballast[page] = 1
        assert 40_000_000 < resident_bytes() - before < 80_000_000
