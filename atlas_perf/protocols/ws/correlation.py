"""Which message answers which: sent, answered once, again, too late, or not at all.

Order is that of RFC 4737: an answer is out of order if that of a message sent later came before it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

REMEMBERED_KEYS = 4096
"""Keys of messages that are settled, remembered to tell duplicates and late answers from others."""

T = TypeVar("T")


class Arrival(Enum):
    """What an arriving key is to the messages that were sent."""

    ANSWER = "answer"
    DUPLICATE = "duplicate"
    LATE = "late"
    UNKNOWN = "unknown"  # of no message that is remembered


@dataclass(frozen=True, slots=True)
class Arrived(Generic[T]):
    """An answer with what was waiting for it."""

    what: Arrival
    waiting: T | None = None
    out_of_order: bool = False


class Correlation(Generic[T]):
    """The messages of one session that an answer is expected to."""

    __slots__ = ("_in_flight", "_newest_answered", "_sent", "_settled")

    def __init__(self) -> None:
        self._in_flight: dict[Hashable, tuple[int, T]] = {}
        self._settled: dict[Hashable, Arrival] = {}
        self._sent = 0
        self._newest_answered = 0

    def __len__(self) -> int:
        return len(self._in_flight)

    def send(self, key: Hashable, waiting: T) -> None:
        """A message goes out.

        Raises:
            ValueError: if one with this key is in flight.
        """
        if key in self._in_flight:
            raise ValueError(f"a message with the key {key!r} is in flight: give each its own")
        self._settled.pop(key, None)
        self._sent += 1
        self._in_flight[key] = self._sent, waiting

    def arrive(self, key: Hashable) -> Arrived[T]:
        """A message with this key came in."""
        found = self._in_flight.pop(key, None)
        if found is None:
            # A late answer that comes again is a duplicate of none: it stays late.
            return Arrived(self._settled.get(key, Arrival.UNKNOWN))
        self._settle(key, Arrival.DUPLICATE)
        number, waiting = found
        out_of_order = number < self._newest_answered
        self._newest_answered = max(number, self._newest_answered)
        return Arrived(Arrival.ANSWER, waiting, out_of_order)

    def lose(self, key: Hashable) -> None:
        """The time of a message is up: whatever answers it now is late."""
        self._in_flight.pop(key, None)
        self._settle(key, Arrival.LATE)

    def withdraw(self, waiting: T) -> bool:
        """Nobody waits for this any more; what answers it is late. False if it is not in flight."""
        for key, (_, found) in self._in_flight.items():
            if found is waiting:
                self.lose(key)
                return True
        return False

    def withdraw_all(self) -> list[T]:
        """Everything in flight, which then is no longer."""
        left = [waiting for _, waiting in self._in_flight.values()]
        for key in tuple(self._in_flight):
            self.lose(key)
        return left

    def _settle(self, key: Hashable, then: Arrival) -> None:
        if len(self._settled) >= REMEMBERED_KEYS:
            del self._settled[next(iter(self._settled))]
        self._settled[key] = then
