"""The alarm clock, on the real clock: nothing here says how late it may ring."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from atlas_perf import loop
from atlas_perf.clock import now_ns
from atlas_perf.worker.alarm import Alarm

MS = 1_000_000


class Rings:
    """Remembers when the alarm rang, and sets it again as often as asked."""

    def __init__(self, *deadlines_ns: int) -> None:
        self.at_ns: list[int] = []
        self.all = asyncio.Event()
        self._deadlines_ns = iter(deadlines_ns)
        self.alarm = Alarm(self._ring)
        self._next()

    def _ring(self) -> None:
        self.at_ns.append(now_ns())
        self._next()

    def _next(self) -> None:
        deadline_ns = next(self._deadlines_ns, None)
        if deadline_ns is None:
            self.all.set()
        else:
            self.alarm.set(deadline_ns)


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_it_rings_once_for_each_time_it_is_set_and_never_early():
    async def main() -> None:
        began_ns = now_ns()
        deadlines = [began_ns + k * MS // 4 for k in range(1, 200)]
        rings = Rings(*deadlines)
        async with asyncio.timeout(60):
            await rings.all.wait()
        rings.alarm.close()
        assert len(rings.at_ns) == len(deadlines)
        assert all(at >= due for at, due in zip(rings.at_ns, deadlines, strict=True))

    loop.run(main())


def test_an_instant_that_has_passed_rings_in_the_next_turn():
    async def main() -> None:
        rings = Rings(now_ns() - 5 * MS, 0, -1)
        async with asyncio.timeout(60):
            await rings.all.wait()
        rings.alarm.close()
        assert len(rings.at_ns) == 3

    loop.run(main())


def test_the_last_setting_counts():
    async def main() -> None:
        rings = Rings(now_ns() + 1000 * MS)
        due_ns = now_ns() + 2 * MS
        rings.alarm.set(due_ns)
        async with asyncio.timeout(60):
            await rings.all.wait()
        rings.alarm.close()
        assert due_ns <= rings.at_ns[0] < due_ns + 998 * MS

    loop.run(main())


def test_a_closed_alarm_rings_no_more_and_its_descriptor_is_free():
    async def main() -> None:
        Rings(now_ns()).alarm.close()  # whatever the loop opens for the first one is open now
        before = open_descriptors()
        rings = Rings(now_ns() + MS)
        rings.alarm.close()
        rings.alarm.close()
        later = Rings(now_ns() + 2 * MS)
        async with asyncio.timeout(60):
            await later.all.wait()
        later.alarm.close()
        assert rings.at_ns == []
        assert open_descriptors() == before

    loop.run(main())


def test_it_does_not_look_at_the_loops_clock():
    """A loop whose clock stands still, and whose timers therefore never come due."""

    class Frozen(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return 0.0

    async def main() -> None:
        due_ns = now_ns() + 2 * MS
        rings = Rings(due_ns)
        await rings.all.wait()
        rings.alarm.close()
        assert rings.at_ns[0] >= due_ns

    frozen = Frozen()
    try:
        frozen.run_until_complete(main())
    finally:
        frozen.close()


def test_it_raises_what_its_owner_raises_to_the_loop():
    async def main() -> None:
        reported = asyncio.get_running_loop().create_future()

        def ring() -> None:
            raise ZeroDivisionError

        def report(_loop: object, context: dict[str, object]) -> None:
            reported.set_result(context["exception"])

        asyncio.get_running_loop().set_exception_handler(report)
        alarm = Alarm(ring)
        alarm.set(now_ns())
        async with asyncio.timeout(60):
            assert isinstance(await reported, ZeroDivisionError)
        alarm.close()

    loop.run(main())


def test_its_clock_is_the_runs():
    assert abs(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - now_ns()) < 1000 * MS
