"""A STOMP 1.2 conversation of a client over one WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Mapping
from datetime import timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from atlas_perf.protocols.http.json_text import encode_json
from atlas_perf.protocols.stomp import sockjs
from atlas_perf.protocols.stomp.frames import Frame, FrameError, read_frames, write_frame
from atlas_perf.protocols.stomp.sockjs import SockJsClosed, SockJsError
from atlas_perf.protocols.ws.correlation_keys import Document, key_of
from atlas_perf.protocols.ws.inbox import Message
from atlas_perf.protocols.ws.reply import Reply
from atlas_perf.protocols.ws.web_socket import WebSocket
from atlas_perf.protocols.ws.ws_options import positive_ns
from atlas_perf.units import NS_PER_S

VERSION = "1.2"
OWN_HEADERS = frozenset({"accept-version", "heart-beat"})
"""Of CONNECT: neither another version nor heart-beats could be kept."""

LONGEST_PROBLEM = 300
"""Characters of an ERROR's message that its exception repeats; the frame has them all."""


class StompError(Exception):
    """The server refused something, or did not answer.

    Attributes:
        frame: its ERROR; None if something else was wrong.
    """

    def __init__(self, problem: str, frame: Frame | None = None) -> None:
        super().__init__(problem)
        self.frame = frame


class Stomp:
    """Speaks STOMP over an open WebSocket; made by `connect_stomp`.

    A session that was lost and reopened is connected and subscribed to nothing: connect anew.
    """

    def __init__(self, socket: WebSocket, *, framed: bool) -> None:
        self.socket = socket
        self.connected: Frame | None = None
        self._framed = framed
        self._frames: list[Frame] = []
        self._numbers = count(1)

    async def subscribe(self, destination: str, *, limit: str = "10s") -> str:
        """Hear a destination from now on, once the server has said so: the subscription's id.

        Raises:
            StompError: if it does not within `limit`.
        """
        subscription = f"sub-{next(self._numbers)}"
        headers = {"id": subscription, "destination": destination, "ack": "auto"}
        await self._with_receipt("SUBSCRIBE", headers, limit=limit)
        return subscription

    async def unsubscribe(self, subscription: str, *, limit: str = "10s") -> None:
        """Hear it no more; raises as `subscribe`."""
        await self._with_receipt("UNSUBSCRIBE", {"id": subscription}, limit=limit)

    async def send(self, destination: str, body: Any) -> None:
        """Send text, bytes or anything else as JSON to a destination; nobody says it arrived."""
        await self.socket.send(self._packed("SEND", *_send(destination, body)))

    async def send_with_receipt(
        self, destination: str, body: Any, *, limit: str | timedelta = "10s"
    ) -> None:
        """Send, and wait until the server says that it is done; raises as `subscribe`."""
        await self._with_receipt("SEND", *_send(destination, body), limit=limit)

    async def rtt(
        self,
        destination: str,
        body: Any,
        *,
        correlate: str,
        answered_by: str | None = None,
        limit: str | timedelta = "10s",
        name: str | None = None,
        tags: Mapping[str, object] | None = None,
    ) -> Reply:
        """Send, and wait for the MESSAGE with the same key; see `WebSocket.rtt`.

        Args:
            correlate: place of the key in the JSON of the body.
            answered_by: the same in the body of the MESSAGE, if it is elsewhere there.
        """
        return await self.socket.rtt(
            self._packed("SEND", *_send(destination, body)),
            correlate=key_in_send(correlate),
            answered_by=key_in_message(answered_by or correlate),
            limit=limit,
            name=name,
            tags=tags,
        )

    async def receive(self, timeout: str | timedelta | None = None) -> Frame:  # noqa: ASYNC109
        """The next MESSAGE that answers nothing.

        Raises:
            StompError: for an ERROR, and for what is no STOMP.
            TimeoutError, WebSocketClosed: as `WebSocket.receive`.
        """
        while not self._frames:
            self._frames.extend(frames_of(await self.socket.receive(timeout)))
        frame = self._frames.pop(0)
        if frame.command == "ERROR":
            raise refused(frame)
        return frame

    @staticmethod
    def answer(reply: Reply) -> Frame:
        """The MESSAGE of a reply that is `ok`.

        Raises:
            ValueError: if there is no answer.
        """
        if reply.message is None:
            raise ValueError(f"there is no answer: {reply.error}")
        return next(f for f in frames_of(reply.message) if f.command == "MESSAGE")

    async def disconnect(self, *, limit: str = "5s") -> None:
        """Say goodbye, wait for the server to have read it, and close the WebSocket."""
        try:
            await self._with_receipt("DISCONNECT", {}, limit=limit)
        finally:
            await self.socket.close()

    async def connect(self, headers: Mapping[str, str], limit: str | timedelta) -> None:
        """CONNECT, and await CONNECTED; only `connect_stomp` calls this."""
        try:
            async with asyncio.timeout(positive_ns("limit", limit) / NS_PER_S):
                if self._framed:
                    await self._await_open()
                await self.socket.send(self._packed("CONNECT", headers))
                frame = await self.receive()
        except TimeoutError:
            raise StompError("no CONNECTED in time") from None
        if frame.command != "CONNECTED" or frame.headers.get("version") != VERSION:
            raise StompError(f"{frame.command} came instead of CONNECTED with version {VERSION}")
        self.connected = frame

    async def _await_open(self) -> None:
        if await self.socket.receive() != sockjs.OPEN:
            raise StompError("the session does not begin with the o of SockJS")

    async def _with_receipt(
        self, command: str, headers: dict[str, str], body: bytes = b"", *, limit: str | timedelta
    ) -> None:
        receipt = f"receipt-{next(self._numbers)}"
        reply = await self.socket.rtt(
            self._packed(command, {**headers, "receipt": receipt}, body),
            correlate=receipt_asked,
            answered_by=receipt_given,
            limit=limit,
            tags={"operation": command},
        )
        if not reply.ok or reply.message is None:
            await self._raise_unread_error()
            raise StompError(f"{command}: {reply.error}")
        for frame in frames_of(reply.message):
            if frame.command == "ERROR":
                raise refused(frame)

    async def _raise_unread_error(self) -> None:
        """An ERROR that names no receipt, and after which none will come."""
        while self.socket.unread:
            self._frames.extend(frames_of(await self.socket.receive()))
        for frame in self._frames:
            if frame.command == "ERROR":
                raise refused(frame)

    def _packed(self, command: str, headers: Mapping[str, str], body: bytes = b"") -> str:
        text = write_frame(command, headers, body).decode()
        return sockjs.wrap(text) if self._framed else text


async def connect_stomp(
    socket: WebSocket,
    *,
    headers: Mapping[str, str] | None = None,
    framed: bool = False,
    host: str = "/",
    limit: str | timedelta = "10s",
) -> Stomp:
    """Begin a STOMP conversation over an open WebSocket.

    Args:
        headers: of the CONNECT, such as `login`, `passcode` or `Authorization`.
        framed: the server puts the framing of SockJS around every message.
        limit: for everything up to CONNECTED.

    Raises:
        ValueError: for a header that this client says by itself.
        StompError: if the server refuses, says nothing in time, or speaks no STOMP 1.2.
        WebSocketClosed: if it ends the session.
    """
    for name in headers or {}:
        if name.lower() in OWN_HEADERS:
            raise ValueError(f"the header {name!r} is this client's own and cannot be given")
    stomp = Stomp(socket, framed=framed)
    ours = {"accept-version": VERSION, "host": host, "heart-beat": "0,0"}
    await stomp.connect({**ours, **(headers or {})}, limit)
    return stomp


def refused(frame: Frame) -> StompError:
    problem = frame.headers.get("message", "ERROR without a message")
    if len(problem) > LONGEST_PROBLEM:
        problem = f"{problem[: LONGEST_PROBLEM - 1]}…"
    return StompError(problem, frame)


def frames_of(message: Message) -> list[Frame]:
    """The frames in a message of the server, with SockJS around them or not.

    Raises:
        StompError: if it holds something else, or says that the session is closed.
    """
    try:
        if isinstance(message, bytes):
            return read_frames(message)
        if message[:1] not in {"a", "o", "h", "c"}:  # commands of STOMP are in capitals
            return read_frames(message.encode())
        return [f for text in sockjs.unwrap(message) for f in read_frames(text.encode())]
    except (FrameError, SockJsError, SockJsClosed) as error:
        raise StompError(str(error)) from None


# Keys. A way to correlate is known by its function, so there is one for each place.


@lru_cache(maxsize=64)
def key_in_message(place: str) -> Callable[[Message], Hashable | None]:
    """Where the body of a MESSAGE has its key."""

    def key(message: Message) -> Hashable | None:
        for frame in _frames_or_none(message):
            if frame.command == "MESSAGE":
                return key_of(Document(frame.body), place)
        return None

    return key


@lru_cache(maxsize=64)
def key_in_send(place: str) -> Callable[[Message], Hashable | None]:
    """Where the body of a SEND has its key."""

    def key(message: Message) -> Hashable | None:
        _, _, body = _own(message).partition("\n\n")
        return key_of(Document(body.removesuffix("\0")), place)

    return key


def receipt_asked(message: Message) -> Hashable | None:
    head, _, _ = _own(message).partition("\n\n")
    found = [line for line in head.split("\n") if line.startswith("receipt:")]
    return found[0].removeprefix("receipt:") if found else None


def receipt_given(message: Message) -> Hashable | None:
    """Of a RECEIPT, or of the ERROR that came instead."""
    for frame in _frames_or_none(message):
        if "receipt-id" in frame.headers:
            return frame.headers["receipt-id"]
    return None


def _frames_or_none(message: Message) -> list[Frame]:
    """A server's mistakes must not end the round trips of others."""
    try:
        return frames_of(message)
    except StompError:
        return []


def _own(message: Message) -> str:
    """A frame that we wrote."""
    text = message if isinstance(message, str) else message.decode()
    return str(Document(text).value[0]) if text.startswith("[") else text


def _send(destination: str, body: Any) -> tuple[dict[str, str], bytes]:
    if isinstance(body, str):
        data, kind = body.encode(), "text/plain"
    elif isinstance(body, bytes):
        data, kind = body, "application/octet-stream"
    else:
        data, kind = encode_json(body), "application/json"
    headers = {"destination": destination, "content-type": kind, "content-length": str(len(data))}
    return headers, data
