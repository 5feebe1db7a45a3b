"""Ids of runs that exist, so that a 404 is news and not noise."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from atlas_perf import VirtualUser

REMEMBERED = 50
"""Runs that one user remembers; the orchestrator may forget older ones during a long test."""


class OwnRuns:
    """The runs that each virtual user has created and not deleted.

    A user reads from the pool and from its own runs, but deletes only its own: nobody else knows
    them, so nobody can meet a run that has just been deleted.
    """

    def __init__(self) -> None:
        self._by_user: WeakKeyDictionary[VirtualUser, deque[str]] = WeakKeyDictionary()

    def add(self, vu: VirtualUser, run_id: str) -> None:
        self._of(vu).append(run_id)

    def pick(self, vu: VirtualUser, pool: Sequence[str]) -> str:
        """Any run that exists: one of the pool or one of the user's own."""
        return vu.random.choice([*pool, *self._of(vu)])

    def take_oldest(self, vu: VirtualUser) -> str | None:
        """The user's oldest run, forgotten from now on; None if it has none."""
        own = self._of(vu)
        return own.popleft() if own else None

    def _of(self, vu: VirtualUser) -> deque[str]:
        return self._by_user.setdefault(vu, deque(maxlen=REMEMBERED))


def unknown_run_id(vu: VirtualUser) -> str:
    """An id that no run ever had."""
    return f"never-existed-{vu.random.getrandbits(64):016x}"
