"""The raw WebSocket transport of SockJS, with STOMP on it:
`GET /ws/runs/{runId}/collaboration/{server}/{session}/websocket`."""

from __future__ import annotations

from uuid import UUID

from aiohttp import WSMsgType, web

from atlas_perf.target.answers import Refusal, bad_request
from atlas_perf.target.auth import bearer_check
from atlas_perf.target.collaboration.hub import Hub
from atlas_perf.target.collaboration.outbox import text_frame
from atlas_perf.target.settings import TargetSettings
from atlas_perf.target.stomp import sockjs
from atlas_perf.target.stomp.conversation import Conversation, words_of
from atlas_perf.target.stomp.frames import Frame, FrameError, FrameReader
from atlas_perf.target.stomp.topics import Topics

SUBPROTOCOLS = ("v12.stomp",)


class StompRoutes:
    """The handler of a session: it reads, one message at a time, until the session ends.

    A token may come with the handshake, as programs do it, or with CONNECT, as browsers must.
    """

    def __init__(self, hub: Hub, settings: TargetSettings) -> None:
        self._hub = hub
        self._check = bearer_check(settings)
        self._framed = settings.sockjs_framing
        self._pack = sockjs.pack if self._framed else text_frame
        self.topics = Topics(hub.outbox, self._pack)

    async def converse(self, request: web.Request) -> web.StreamResponse:
        run_id = _run_id(request)
        check = self._check
        authorization = request.headers.get("Authorization")
        if check is not None and authorization is not None:
            check(authorization)
            check = None
        user = request.headers.get("X-User-Id") or request.match_info["session"]
        async with self._hub.session(request, user, SUBPROTOCOLS) as (socket, session):
            conversation = Conversation(
                session,
                run_id,
                outbox=self._hub.outbox,
                topics=self.topics,
                check=check,
                pack=self._pack,
            )
            if self._framed:
                session.write(sockjs.OPEN)
            try:
                await self._listen(socket, conversation)
            finally:
                conversation.end()
        return socket

    async def _listen(self, socket: web.WebSocketResponse, conversation: Conversation) -> None:
        reader = FrameReader()
        async for message in socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            conversation.heard()
            data = message.data
            if not self._take(
                data.encode() if isinstance(data, str) else data, reader, conversation
            ):
                if self._framed:
                    conversation.say_goodbye()
                await socket.close()
                return

    def _take(self, data: bytes, reader: FrameReader, conversation: Conversation) -> bool:
        """Every frame of a message; False if the session is over."""
        about: Frame | None = None
        try:
            for frame in reader.feed(sockjs.unpack(data) if self._framed else data):
                about = frame
                self._hub.traffic.messages_received += 1
                if not conversation.take(frame):
                    return False
                about = None  # what is wrong with the bytes that follow is not about this one
        except (FrameError, Refusal) as error:
            self._hub.traffic.errors += 1
            conversation.refuse(words_of(error), about)
            return False
        return True


def _run_id(request: web.Request) -> str:
    try:
        return str(UUID(request.match_info["runId"]))
    except ValueError:
        raise bad_request("the run's id in the path is no UUID", "runId") from None
