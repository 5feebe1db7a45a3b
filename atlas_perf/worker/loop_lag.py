"""How late a worker's event loop runs what is due, and whose doing that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from atlas_perf.clock import now_ns
from atlas_perf.units import NS_PER_MS
from atlas_perf.worker.deadlines import Clock, delay_s
from atlas_perf.worker.loop_thread import LoopThread

PROBE_PERIOD_NS = 20 * NS_PER_MS

OWN_LAG_NS = 20 * NS_PER_MS
"""A shorter lag is nothing out of the ordinary for a process that shares a machine."""

STALL_NS = 100 * NS_PER_MS
"""A lag this long is a stall: it is told with the place where the loop stood."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One lateness of the loop, and what its thread did meanwhile."""

    due_ns: int  # when the callback was due
    late_ns: int
    cpu_ns: int  # of the thread, since the probe before
    waited_ns: int  # for a CPU, since the probe before
    gc_ns: int  # in garbage collections, since the probe before

    @property
    def own_ns(self) -> int:
        """What the worker did itself: all but waiting for a CPU, which other programs had."""
        return max(0, self.late_ns - self.waited_ns)


class LoopLagProbe:
    """A timer that is due every 20 ms and remembers how late the loop called it at worst.

    Its deadlines are absolute, so a loop that stands still for two seconds shows two seconds,
    once, however many deadlines went by.
    """

    def __init__(
        self,
        clock: Clock = now_ns,
        *,
        thread: LoopThread,
        gc_total_ns: Callable[[], int] = lambda: 0,
        under_way: Callable[[], int] = lambda: 0,
        on_stall: Callable[[Lag], None],
    ) -> None:
        """
        Args:
            thread: the loop's own.
            gc_total_ns: what garbage collections have taken so far.
            under_way: how many requests are; asked only when the loop was late by its own doing.
            on_stall: told of each lag of `STALL_NS` or more, on the loop, once it is over.
        """
        self._clock = clock
        self._thread = thread
        self._gc_total_ns = gc_total_ns
        self._under_way = under_way
        self._on_stall = on_stall
        self._worst_ns = 0
        self._own_ns = 0
        self._own = 0
        self._before = (0, 0, 0)
        self._timer: asyncio.TimerHandle | None = None
        self.due_ns: int | None = None
        """When the loop must call next; None while nobody probes. For other threads to read."""

    def start(self, t0_ns: int) -> None:
        """Probe from `t0_ns` on; if that has passed already, the delay counts as lag."""
        self.due_ns = t0_ns
        self._before = self._reading()
        self._arm(t0_ns)

    def stop(self) -> None:
        """Probe no more. A lag that is going on counts as it is."""
        if self._timer is not None:
            self._timer.cancel()
        if self.due_ns is not None:
            self._look(self.due_ns)
            self.due_ns = None

    def take_worst_ns(self) -> int:
        """The longest lag since this was last asked, the one that is going on included."""
        going_on_ns = 0 if self.due_ns is None else self._clock() - self.due_ns
        worst_ns = max(self._worst_ns, going_on_ns)
        self._worst_ns = 0
        return worst_ns

    def take_own(self) -> tuple[int, int]:
        """The worker's own lags since this was last asked, each of `OWN_LAG_NS` or more and with
        requests under way: their sum in nanoseconds, and their number."""
        taken = self._own_ns, self._own
        self._own_ns = self._own = 0
        return taken

    def _probe(self) -> None:
        if self.due_ns is not None:
            self.due_ns = self._look(self.due_ns)
            self._arm(self.due_ns)

    def _look(self, due_ns: int) -> int:
        """Note how late it is after `due_ns`; returns what is due next."""
        late_ns = self._clock() - due_ns
        if late_ns < 0:  # a loop's timer may fire early; then it is simply not due yet
            return due_ns
        now, before = self._reading(), self._before
        self._before = now
        self._worst_ns = max(self._worst_ns, late_ns)
        if late_ns >= OWN_LAG_NS:
            self._note(Lag(due_ns, late_ns, *(a - b for a, b in zip(now, before, strict=True))))
        return due_ns + (late_ns // PROBE_PERIOD_NS + 1) * PROBE_PERIOD_NS

    def _note(self, lag: Lag) -> None:
        if lag.own_ns >= OWN_LAG_NS and self._under_way():
            self._own_ns += lag.own_ns
            self._own += 1
        if lag.late_ns >= STALL_NS:
            self._on_stall(lag)

    def _reading(self) -> tuple[int, int, int]:
        return self._thread.cpu_ns(), self._thread.waited_ns(), self._gc_total_ns()

    def _arm(self, due_ns: int) -> None:
        wait_s = delay_s(due_ns, self._clock)
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._probe)
