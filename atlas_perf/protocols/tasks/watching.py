"""The two ways to learn how a task goes on: asking again and again, and listening."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Protocol

from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.units import parse_duration_ns


class WatchedStream(Protocol):
    """What `vu.http.stream` returns, the fake client's included."""

    @property
    def ok(self) -> bool: ...
    @property
    def status(self) -> int: ...
    @property
    def retry_ms(self) -> int | None: ...
    @property
    def last_id(self) -> str: ...
    def resume_after(self, last_id: str) -> None: ...
    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, *raised: Any) -> None: ...
    async def __anext__(self) -> ServerSentEvent: ...


@dataclass(frozen=True, slots=True)
class Polling:
    """Ask for a task's status, the first time one interval after it was accepted.

    Each interval begins when the answer before it has come, so polls of a task never overlap.

    Args:
        ask: from the task's id to a request about it: `lambda id: vu.http.get(f"/tasks/{id}")`.
        every: the first interval; with `first` the one after that.
        backoff: each interval is so many times the one before.
        at_most: no interval is longer; without it none grows beyond 30 times `every`.
        jitter: each is drawn from this share below and above it, by the run's seed: 0.1 makes 1 s
            0.9 to 1.1 s. Users that were started together then do not ask together.
        first: the first interval, where nothing can be expected before.

    Raises:
        ValueError: for an interval, factor or share that cannot be meant.
    """

    ask: Callable[[str], Awaitable[Response]]
    every: str | timedelta = "1s"
    backoff: float = 1.0
    at_most: str | timedelta | None = None
    jitter: float = 0.1
    first: str | timedelta | None = None

    def __post_init__(self) -> None:
        for name, interval in (("every", self.every), ("first", self.first)):
            if interval is not None and parse_duration_ns(interval) <= 0:
                raise ValueError(f"{name}={interval!r} is no interval: give a positive duration")
        if not 1 <= self.backoff < 100:
            raise ValueError(f"backoff={self.backoff!r} is no factor: give 1 or more")
        if not 0 <= self.jitter < 1:
            raise ValueError(f"jitter={self.jitter!r} is no share: give 0 to below 1")
        if self.longest_ns < parse_duration_ns(self.every):
            raise ValueError(f"at_most={self.at_most!r} is shorter than every={self.every!r}")

    @property
    def longest_ns(self) -> int:
        """What intervals grow up to, before jitter."""
        if self.at_most is None:
            return 30 * parse_duration_ns(self.every)
        return parse_duration_ns(self.at_most)

    def intervals_ns(self, random: Random) -> Iterator[int]:
        """The intervals of one task, without end."""
        if self.first is not None:
            yield self._drawn_ns(parse_duration_ns(self.first), random)
        interval_ns = float(parse_duration_ns(self.every))
        while True:
            yield self._drawn_ns(interval_ns, random)
            interval_ns = min(interval_ns * self.backoff, self.longest_ns)

    def _drawn_ns(self, interval_ns: float, random: Random) -> int:
        drawn = random.uniform(1 - self.jitter, 1 + self.jitter) if self.jitter else 1.0
        return round(interval_ns * drawn)


@dataclass(frozen=True, slots=True)
class Streaming:
    """Listen to a task's events, and come back when the stream ends before the task, with the
    `Last-Event-ID` of what was heard.

    Args:
        open: from the task's id to its stream: `lambda id: vu.http.stream("GET", f"/tasks/{id}")`.
        reopen_after: how long after a stream has ended, unless the server said so with `retry`.

    Raises:
        ValueError: for a pause that is none.
    """

    open: Callable[[str], WatchedStream]
    reopen_after: str | timedelta = "1s"

    def __post_init__(self) -> None:
        if parse_duration_ns(self.reopen_after) <= 0:
            raise ValueError(f"reopen_after={self.reopen_after!r} is no pause")
