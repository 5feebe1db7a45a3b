"""`GET /ws/runs/{runId}/collaboration`, as the `documented` contract has it."""

from __future__ import annotations

from aiohttp import WSMsgType, web

from atlas_perf.target.answers import Refusal, bad_request
from atlas_perf.target.collaboration import messages
from atlas_perf.target.collaboration.hub import Hub
from atlas_perf.target.collaboration.outbox import text_frame
from atlas_perf.target.collaboration.session import Session


class CollaborationRoutes:
    """The handler of a session: it reads, one message at a time, until the session ends."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def collaborate(self, request: web.Request) -> web.StreamResponse:
        user = request.headers.get("X-User-Id", "")
        if not user:
            raise bad_request("X-User-Id is missing: it says who collaborates", "X-User-Id")
        run_id = request.match_info["runId"]
        async with self._hub.session(request, user) as (socket, session):
            try:
                await self._listen(socket, session, run_id)
            finally:
                self._hub.rooms.leave(run_id, session)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, session: Session, run_id: str) -> None:
        is_subscribed = False
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                await self._hub.refuse_binary(socket, session)
                return
            self._hub.traffic.messages_received += 1
            text: str = message.data
            try:
                kind, payload = messages.read_message(text, run_id)
                if kind == messages.SUBSCRIBE:
                    is_subscribed = True
                    subscribers = self._hub.rooms.enter(run_id, session)
                    self._answer(session, messages.subscribed(payload, subscribers))
                elif is_subscribed:
                    # Byte for byte: whatever the author put in to know it again comes back.
                    self._hub.rooms.broadcast(run_id, text.encode())
                else:
                    raise messages.not_subscribed()
            except Refusal as refusal:
                self._hub.traffic.errors += 1
                self._answer(session, messages.error(refusal, text))

    def _answer(self, session: Session, text: bytes) -> None:
        self._hub.outbox.deliver(session, text_frame(text))
