"""Sends what message faults leave of a stream's events, when they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from aiohttp import web

from atlas_perf.target.faults.board import FaultPoint
from atlas_perf.target.faults.broken_answers import reset
from atlas_perf.target.faults.message_faults import Delivery, Disconnect, MessageFaults
from atlas_perf.target.faults.operations import SSE_EVENT
from atlas_perf.units import NS_PER_S


class EventDelivery:
    """One stream of server-sent events, told in order by one coroutine."""

    def __init__(self, point: FaultPoint, now_ns: Callable[[], int]) -> None:
        self._point = point
        self._now_ns = now_ns
        self._faults = MessageFaults()

    async def write(
        self,
        request: web.Request,
        answer: web.StreamResponse,
        events: Sequence[bytes],
        *,
        last: bool,
    ) -> bool:
        """Send events.

        Args:
            last: nothing follows, so that nobody can overtake these.

        Returns:
            False if a fault has ended the stream.
        """
        if not self._point.armed and not self._faults.holding:
            await answer.write(b"".join(events))
            return True
        for event in events:
            verdict = self._faults.deliveries(
                self._point.messages, SSE_EVENT, event, self._now_ns()
            )
            if isinstance(verdict, Disconnect):
                if verdict.code is None and request.transport is not None:
                    reset(request.transport)
                return False
            await self._send(answer, verdict)
        if last:
            await self._send(answer, self._faults.release(self._now_ns()))
        return True

    async def _send(self, answer: web.StreamResponse, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            wait_s = (delivery.at_ns - self._now_ns()) / NS_PER_S
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await answer.write(delivery.message)
