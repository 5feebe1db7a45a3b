"""How late the loop is, and whose doing that is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from virtual_time import clock, run_in_virtual_time

from atlas_perf.worker.loop_lag import Lag, LoopLagProbe

MS = 1_000_000


@dataclass
class Thread:
    """A loop's thread whose readings a test sets."""

    used_ns: int = 0
    wait_ns: int = 0

    def cpu_ns(self) -> int:
        return self.used_ns

    def waited_ns(self) -> int:
        return self.wait_ns


@dataclass
class Stage:
    """A probe from 0 to the second second; at 510 ms the loop stands still for a while."""

    still_ms: int = 0
    cpu_ms: int = 0
    wait_ms: int = 0
    gc_ms: int = 0
    under_way: int = 1
    end_meanwhile: bool = False
    stalls: list[Lag] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.thread = Thread()
        self.collected_ns = 0
        self.probe = LoopLagProbe(
            clock,
            thread=self.thread,
            gc_total_ns=lambda: self.collected_ns,
            under_way=lambda: self.under_way,
            on_stall=self.stalls.append,
        )
        run_in_virtual_time(self._main())

    async def _main(self) -> None:
        self.probe.start(0)
        asyncio.get_running_loop().call_at(0.51, self._stand_still)
        await asyncio.sleep(0.511 if self.end_meanwhile else 2)
        self.probe.stop()

    def _stand_still(self) -> None:
        asyncio.get_running_loop()._jumping.now_s += self.still_ms / 1000
        self.thread.used_ns += self.cpu_ms * MS
        self.thread.wait_ns += self.wait_ms * MS
        self.collected_ns += self.gc_ms * MS
        if self.end_meanwhile:
            self.probe.stop()


def test_a_loop_in_time_has_nothing_to_confess():
    stage = Stage()
    assert (stage.probe.take_worst_ns(), stage.probe.take_own(), stage.stalls) == (0, (0, 0), [])


def test_work_in_the_loop_is_its_own_lag_once():
    stage = Stage(still_ms=60, cpu_ms=60)
    own_ns, number = stage.probe.take_own()
    assert number == 1
    assert 50 * MS <= own_ns <= 60 * MS  # due at 520 and called at 570
    assert stage.probe.take_worst_ns() == own_ns
    assert stage.probe.take_own() == (0, 0)
    assert stage.stalls == []


def test_sleep_in_the_loop_is_its_own_lag_too():
    assert Stage(still_ms=60).probe.take_own()[1] == 1


def test_waiting_for_a_cpu_is_lag_and_not_its_own():
    stage = Stage(still_ms=60, wait_ms=45)
    assert stage.probe.take_own() == (0, 0)
    assert stage.probe.take_worst_ns() >= 50 * MS


def test_lag_while_no_request_is_under_way_is_billed_to_nobody():
    stage = Stage(still_ms=60, cpu_ms=60, under_way=0)
    assert stage.probe.take_own() == (0, 0)


def test_a_short_lag_is_not_counted():
    assert Stage(still_ms=29, cpu_ms=29).probe.take_own() == (0, 0)


def test_a_long_lag_is_a_stall_with_what_its_thread_did():
    (stall,) = Stage(still_ms=300, cpu_ms=250, wait_ms=30, gc_ms=20).stalls
    assert stall.due_ns == 520 * MS
    assert 290 * MS <= stall.late_ns <= 300 * MS
    assert (stall.cpu_ns, stall.waited_ns, stall.gc_ns) == (250 * MS, 30 * MS, 20 * MS)


@pytest.mark.parametrize(("still_ms", "stalls"), [(105, 0), (115, 1)])
def test_a_stall_begins_at_a_tenth_of_a_second(still_ms, stalls):
    assert len(Stage(still_ms=still_ms).stalls) == stalls


def test_a_lag_that_goes_on_when_the_load_ends_counts():
    stage = Stage(still_ms=300, end_meanwhile=True)
    assert len(stage.stalls) == 1
    assert stage.probe.take_own()[1] == 1
    assert stage.probe.take_worst_ns() == 290 * MS
    assert stage.probe.due_ns is None
