"""Periods that wait to be delivered: a bounded queue that grows coarser, and loses nothing.

If the receiver is slower than the run, the two oldest periods become one. So memory is bounded,
and a receiver that recovers has all counts.
"""

from __future__ import annotations

from collections import deque
from threading import Condition

from atlas_perf.outputs.period import Period

ROOM = 30
"""Most periods that wait."""


class Backlog:
    """From the run's thread to the one that delivers."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = max(2, room)
        self._waiting: deque[Period] = deque()
        self._ended = False
        self._changed = Condition()
        self.put_seconds = 0  # all that were ever to be delivered
        self.merged_seconds = 0  # those in periods that had to become one

    def put(self, period: Period) -> None:
        with self._changed:
            if len(self._waiting) >= self._room:
                self._merge_oldest()
            self._waiting.append(period)
            self.put_seconds += period.seconds
            self._changed.notify()

    def end(self) -> None:
        """Nothing follows."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> Period | None:
        """The oldest one; waits for it. None after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            return self._waiting.popleft() if self._waiting else None

    def _merge_oldest(self) -> None:
        oldest, second = self._waiting.popleft(), self._waiting[0]
        # One that was merged before is counted already.
        self.merged_seconds += second.seconds + (oldest.seconds if not oldest.merged else 0)
        oldest.absorb(second)
        self._waiting[0] = oldest
