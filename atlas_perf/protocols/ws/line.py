"""One WebSocket connection: frames of picows in, whole messages out, each dated when it was read.

No policy here: no tags, metrics or reconnecting. What comes is not trusted: whatever is no message
ends the connection with a close code and a reason that its owner can count.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any, Protocol, cast

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from atlas_perf import clock
from atlas_perf.protocols.ws.close_codes import (
    INVALID_DATA,
    LOST,
    NO_CODE,
    NORMAL,
    PROTOCOL_ERROR,
    TOO_BIG,
    is_in_frames,
)
from atlas_perf.protocols.ws.deflate import Deflate
from atlas_perf.protocols.ws.inbox import Message

LINGER_S = 1.0
"""How long the peer may take to close the TCP connection once both have said that they close."""

REFUSED_LINGER_S = 0.01
"""How long a peer that sent what is no message may take to read why we hang up; as in picows."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_CLOSE, _PONG = WSMsgType.CLOSE, WSMsgType.PONG
_LONGEST_SHORT, _LONGEST_MIDDLE = 125, 65_535
_MASK_BYTES = 4

_FOUND_BY_PICOWS = {
    PROTOCOL_ERROR: "malformed frame",
    INVALID_DATA: "malformed close frame",
    TOO_BIG: "message too big",
}


class LineOwner(Protocol):
    """Who hears of what happens on a line. Called from the event loop, between tasks."""

    def arrived(self, message: Message, wire_bytes: int, at_ns: int, /) -> None: ...
    def ponged(self, payload: bytes, at_ns: int, /) -> None: ...
    def ended(self, code: int, reason: str, error: str, at_ns: int, /) -> None:
        """Once, by a close frame or without. `error` is empty if the peer or we closed it; else it
        says what was wrong with what came."""


class Line(WSListener):
    """An open connection, until `ended` is told to its owner."""

    __slots__ = (
        "_deflate",
        "_fragments",
        "_fragments_bytes",
        "_kind",
        "_limit_bytes",
        "_owner",
        "_packed",
        "_resumed",
        "_transport",
        "closing",
        "opened_ns",
        "over",
        "subprotocol",
    )

    def __init__(
        self, owner: LineOwner, limit_bytes: int, deflate: Deflate | None, subprotocol: str
    ) -> None:
        self.opened_ns = clock.now_ns()
        self.subprotocol = subprotocol
        self.closing = False  # we have said so
        self.over: tuple[int, str, str, int] | None = None  # what `ended` was told
        self._owner = owner
        self._limit_bytes = limit_bytes
        self._deflate = deflate
        self._fragments: list[bytes] = []
        self._fragments_bytes = 0
        self._kind = _TEXT
        self._packed = False
        self._resumed: asyncio.Event | None = None
        self._transport: WSTransport | None = None

    # What scenario code does, through the owner

    @property
    def paused(self) -> asyncio.Event | None:
        """Set while so much is unsent that no more should be: to be awaited."""
        return self._resumed

    def send(self, message: Message) -> int:
        """Hand a message over, at once; its bytes on the wire."""
        assert self._transport is not None, "it is open"
        text = isinstance(message, str)
        payload = message.encode() if isinstance(message, str) else message
        packed = self._deflate is not None
        if self._deflate is not None:
            payload = self._deflate.compress(payload)
        self._transport.send(_TEXT if text else _BINARY, payload, rsv1=packed)
        return wire_bytes(len(payload), masked=True)

    def ping(self, payload: bytes) -> int:
        """Send a ping; its bytes on the wire."""
        assert self._transport is not None, "it is open"
        self._transport.send_ping(payload)
        return wire_bytes(len(payload), masked=True)

    def close(self, code: int, reason: str) -> None:
        """Say that we close; `ended` is told when the peer has said so as well, or is gone."""
        if not self.closing and self._transport is not None:
            self.closing = True
            self._transport.send_close(_of_picows(code), reason.encode())

    def abort(self) -> None:
        """Wait for nothing more."""
        if self._transport is not None:
            self._transport.disconnect(graceful=self.closing)

    # What picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        at_ns = clock.now_ns()
        if self.over is not None:
            return
        kind = frame.msg_type
        if frame.rsv2 or frame.rsv3 or (frame.rsv1 and not self._may_be_packed(kind)):
            self._refuse(PROTOCOL_ERROR, "malformed frame", at_ns)
        elif kind in (_TEXT, _BINARY):
            self._began(kind, frame, at_ns)
        elif kind == _CONTINUATION:
            self._went_on(frame, at_ns)
        elif kind == _PONG:
            self._owner.ponged(frame.get_payload_as_bytes(), at_ns)
        elif kind == _CLOSE:
            self._closed_by_peer(transport, frame.get_payload_as_bytes(), at_ns)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        at_ns = clock.now_ns()
        self.resume_writing()
        handshake = transport.close_handshake
        sent = None if handshake is None else handshake.sent
        if sent is None or self.closing or self.over is not None:
            self._end(LOST, "", "", at_ns)
            return
        _mark_retrieved(transport)
        code = int(sent.code.value)
        self._end(code, "", _FOUND_BY_PICOWS.get(code, "malformed frame"), at_ns)

    def pause_writing(self) -> None:
        if self._resumed is None:
            self._resumed = asyncio.Event()

    def resume_writing(self) -> None:
        if self._resumed is not None:
            self._resumed.set()
            self._resumed = None

    # Messages out of frames

    def _may_be_packed(self, kind: WSMsgType) -> bool:
        return self._deflate is not None and kind in {_TEXT, _BINARY}

    def _began(self, kind: WSMsgType, frame: WSFrame, at_ns: int) -> None:
        if self._fragments:
            self._refuse(PROTOCOL_ERROR, "malformed frame", at_ns)
            return
        if frame.fin and not frame.rsv1 and frame.payload_size <= self._limit_bytes:
            size = wire_bytes(frame.payload_size, masked=False)
            if kind == _BINARY:
                self._owner.arrived(frame.get_payload_as_bytes(), size, at_ns)
                return
            try:
                text = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                self._refuse(INVALID_DATA, "text that is not UTF-8", at_ns)
                return
            self._owner.arrived(text, size, at_ns)
            return
        self._kind = kind
        self._packed = bool(frame.rsv1)
        self._fragments_bytes = 0
        self._take(frame, at_ns)

    def _went_on(self, frame: WSFrame, at_ns: int) -> None:
        if not self._fragments:
            self._refuse(PROTOCOL_ERROR, "malformed frame", at_ns)
            return
        self._take(frame, at_ns)

    def _take(self, frame: WSFrame, at_ns: int) -> None:
        # A frame counts at least a byte, so that a message of empty ones cannot grow for ever.
        self._fragments_bytes += frame.payload_size or 1
        if self._fragments_bytes > self._limit_bytes:
            self._refuse(TOO_BIG, "message too big", at_ns)
            return
        self._fragments.append(frame.get_payload_as_bytes())
        if not frame.fin:
            return
        data, self._fragments = b"".join(self._fragments), []
        self._assembled(data, at_ns)

    def _assembled(self, data: bytes, at_ns: int) -> None:
        size = wire_bytes(len(data), masked=False)
        try:
            if self._packed and self._deflate is not None:
                data = self._deflate.decompress(data, self._limit_bytes)
            message: Message = data.decode() if self._kind == _TEXT else data
        except UnicodeDecodeError:
            self._refuse(INVALID_DATA, "text that is not UTF-8", at_ns)
        except OverflowError:
            self._refuse(TOO_BIG, "message too big", at_ns)
        except zlib.error:
            self._refuse(PROTOCOL_ERROR, "malformed compressed message", at_ns)
        else:
            self._owner.arrived(message, size, at_ns)

    # The end

    def _closed_by_peer(self, transport: WSTransport, payload: bytes, at_ns: int) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
        if payload and not is_in_frames(code):
            self._refuse(PROTOCOL_ERROR, "malformed frame", at_ns)
            return
        if not self.closing:
            self.closing = True
            # The same code goes back, as is usual; of none 1000 does.
            transport.send_close(_of_picows(code if payload else NORMAL))
        # The server closes the connection: the side that does keeps its port occupied.
        asyncio.get_running_loop().call_later(LINGER_S, transport.disconnect)
        self._end(code, payload[2:].decode(errors="replace"), "", at_ns)

    def _refuse(self, code: int, error: str, at_ns: int) -> None:
        self._fragments = []
        if self._transport is not None:
            self.closing = True
            self._transport.send_close(_of_picows(code))
            asyncio.get_running_loop().call_later(REFUSED_LINGER_S, self._transport.disconnect)
        self._end(code, "", error, at_ns)

    def _end(self, code: int, reason: str, error: str, at_ns: int) -> None:
        if self.over is None:
            self.over = code, reason, error, at_ns
            self._owner.ended(code, reason, error, at_ns)


def wire_bytes(payload_bytes: int, *, masked: bool) -> int:
    """A frame with its header."""
    head = 2 if payload_bytes <= _LONGEST_SHORT else 4 if payload_bytes <= _LONGEST_MIDDLE else 10
    return payload_bytes + head + (_MASK_BYTES if masked else 0)


def _mark_retrieved(transport: WSTransport) -> None:
    """What picows found wrong is told as the end of the line; nobody awaits it besides."""
    waiting = asyncio.ensure_future(transport.wait_disconnected())
    waiting.add_done_callback(_retrieve)


def _retrieve(waiting: asyncio.Future[Any]) -> None:
    if not waiting.cancelled():
        waiting.exception()


def _of_picows(code: int) -> WSCloseCode:
    """picows takes any number, and has names for some."""
    return cast(WSCloseCode, code)
