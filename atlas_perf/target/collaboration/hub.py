"""All sessions of the server: admitting them, and ending those that are left when it stops."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import WSCloseCode, web

from atlas_perf.target.answers import Refusal
from atlas_perf.target.collaboration.outbox import Outbox
from atlas_perf.target.collaboration.rooms import Rooms
from atlas_perf.target.collaboration.session import Session, session_of
from atlas_perf.target.collaboration.traffic import Traffic
from atlas_perf.target.faults.board import FaultPoint
from atlas_perf.target.settings import TargetSettings

MAX_MESSAGE_BYTES = 64 * 1024
"""Largest message of a client; a larger one closes its session with 1009."""

GOODBYE_LIMIT_S = 2.0
"""How long a session that is being closed waits for the peer's own close frame."""


class Hub:
    """What all sessions share, whichever protocol they speak."""

    def __init__(
        self, settings: TargetSettings, faults: FaultPoint, now_ns: Callable[[], int]
    ) -> None:
        """`faults` are those of messages that go out."""
        self.traffic = Traffic()
        self.outbox = Outbox(
            self.traffic,
            unsent_limit_bytes=settings.max_unsent_bytes,
            faults=faults,
            now_ns=now_ns,
        )
        self.rooms = Rooms(self.outbox)
        self._max_sessions = settings.max_sessions
        self._sessions: set[Session] = set()

    @asynccontextmanager
    async def session(
        self, request: web.Request, user: str, subprotocols: tuple[str, ...] = ()
    ) -> AsyncIterator[tuple[web.WebSocketResponse, Session]]:
        """Answer the upgrade, and count the session for as long as it is open.

        Raises:
            Refusal: 503 if there are too many sessions.
            web.HTTPBadRequest: the request is no WebSocket handshake.
        """
        if len(self._sessions) >= self._max_sessions:
            self.traffic.sessions_refused += 1
            raise Refusal(503, "unavailable", f"{self._max_sessions} sessions are open already")
        socket = web.WebSocketResponse(
            timeout=GOODBYE_LIMIT_S,
            compress=False,  # permessage-deflate would be the server's CPU, not its latency
            max_msg_size=MAX_MESSAGE_BYTES,
            protocols=subprotocols,
        )
        await socket.prepare(request)
        session = session_of(request, user)
        self._sessions.add(session)
        self.traffic.open()
        try:
            yield socket, session
        finally:
            session.stop_sending()
            self._sessions.discard(session)
            self.traffic.close()

    async def refuse_binary(self, socket: web.WebSocketResponse, session: Session) -> None:
        """Close with 1003: nobody speaks binary here."""
        self.traffic.errors += 1
        self.traffic.sessions_cut_off += 1
        session.stop_sending()
        await socket.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"text messages only")

    def close_all(self) -> None:
        """Send every session away with 1001, because the server stops."""
        for session in list(self._sessions):
            session.close(WSCloseCode.GOING_AWAY)
