"""The round trips of one client that are on the slow way, so that closing it ends them.

Those on the fast way are known by their connections.
"""

from __future__ import annotations

import asyncio
from typing import Any

from atlas_perf.protocols.http.hops import Hop
from atlas_perf.protocols.http.round_trip import RoundTrip


class UnderWay:
    """Round trips, each with the task that performs it, from its beginning to its sample."""

    __slots__ = ("_trips", "closed")

    def __init__(self) -> None:
        self._trips: dict[RoundTrip, tuple[Hop, asyncio.Task[Any]]] = {}
        self.closed = False
        """True once the client is: nothing may begin then."""

    def enter(self, trip: RoundTrip, hop: Hop) -> None:
        """It begins, in the task that is running."""
        task = asyncio.current_task()
        assert task is not None  # its time limit needs one too
        self._trips[trip] = (hop, task)

    def leave(self, trip: RoundTrip) -> None:
        """It has ended."""
        del self._trips[trip]

    def cancel(self) -> None:
        """Let nothing begin any more, and cancel all that has begun."""
        self.closed = True
        for _, task in self._trips.values():
            task.cancel()

    def left(self) -> list[tuple[RoundTrip, Hop]]:
        """What is not recorded yet."""
        return [(trip, hop) for trip, (hop, _) in self._trips.items() if not trip.ended]
