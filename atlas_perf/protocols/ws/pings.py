"""Pings of one session that wait for their pongs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.ws.line import Line
from atlas_perf.protocols.ws.recording import OK, UNKNOWN, SessionLog, failed
from atlas_perf.units import NS_PER_MS, NS_PER_S

_TIMER_GRAIN_S = 0.001  # of the loop's timers, which may fire early by as much


class Pings:
    """Each ping carries a number, and its pong brings it back."""

    __slots__ = ("_count", "_waiting")

    def __init__(self) -> None:
        self._count = 0
        self._waiting: dict[bytes, asyncio.Future[int]] = {}

    async def ping(
        self,
        line: Line,
        limit_ns: int,
        log: SessionLog,
        user: Tags,
        is_cut: Callable[[], bool],
    ) -> float:
        """Milliseconds to the pong; one sample, however it ends.

        Raises:
            TimeoutError: if none comes within the limit.
            WebSocketClosed: if the session ends before.
        """
        self._count += 1
        payload = self._count.to_bytes(8, "big")
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[payload] = waiting
        sent_ns = clock.now_ns()
        line.ping(payload)
        outcome, at_ns = UNKNOWN, sent_ns
        try:
            async with asyncio.timeout(limit_ns / NS_PER_S + _TIMER_GRAIN_S):
                at_ns = await waiting
            outcome = OK
        except TimeoutError:
            outcome, at_ns = failed("no pong in time"), sent_ns + limit_ns
            raise TimeoutError("no pong in time") from None
        except asyncio.CancelledError:
            at_ns = clock.now_ns()
            outcome = UNKNOWN if is_cut() else failed("request canceled")
            raise
        except Exception as error:
            at_ns = clock.now_ns()
            outcome = UNKNOWN if is_cut() else failed(str(error))
            raise
        finally:
            self._waiting.pop(payload, None)
            log.pinged(user, outcome, at_ns - sent_ns, at_ns)
        return (at_ns - sent_ns) / NS_PER_MS

    def ponged(self, payload: bytes, at_ns: int) -> None:
        """A pong came; one that answers nothing means nothing (RFC 6455, 5.5.3)."""
        waiting = self._waiting.get(payload)
        if waiting is not None and not waiting.done():
            waiting.set_result(at_ns)

    def end_all(self, error: Exception) -> None:
        """The session has ended."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
