"""A loop whose clock jumps to the next timer instead of waiting for it: exact, and done at once."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everything waits, and nothing is due"
        self.now_s += max(0.0, timeout)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time starts at 0 and moves only when nothing can run."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def now_ns(self) -> int:
        """The run's clock in this loop."""
        return round(self._jumping.now_s * 1_000_000_000)


def run_in_virtual_time(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; nothing it started may be left over."""
    loop = VirtualTimeLoop()
    try:
        result = loop.run_until_complete(main)
        left = asyncio.all_tasks(loop)
        assert not left, left
        return result
    finally:
        loop.close()


def clock() -> int:
    """The virtual time of the running loop, in nanoseconds."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop.now_ns()


class LoopAlarm:
    """Stands in for `worker.alarm`: rings on the virtual time of the running loop."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, deadline_ns: int) -> None:
        self.close()
        self._timer = asyncio.get_running_loop().call_at(deadline_ns / 1_000_000_000, self._ring)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
