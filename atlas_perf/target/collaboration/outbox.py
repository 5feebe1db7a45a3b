"""The one way out: every WebSocket message that the server sends goes through `deliver`."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from atlas_perf import clock
from atlas_perf.target.collaboration.session import Session
from atlas_perf.target.collaboration.traffic import Traffic
from atlas_perf.target.faults.board import NO_FAULTS, FaultPoint
from atlas_perf.target.faults.message_delivery import MessageDelivery
from atlas_perf.target.faults.operations import WS_MESSAGE

_FINAL_TEXT = 0x81
_SHORT = struct.Struct("!BB")
_MEDIUM = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")


def text_frame(text: bytes) -> bytes:
    """A text message as a server sends it: one frame, unmasked, uncompressed (RFC 6455, 5.2).

    A broadcast is framed once, however many sessions it goes to.
    """
    length = len(text)
    if length < 126:
        return _SHORT.pack(_FINAL_TEXT, length) + text
    if length < 65536:
        return _MEDIUM.pack(_FINAL_TEXT, 126, length) + text
    return _LONG.pack(_FINAL_TEXT, 127, length) + text


class Outbox:
    """Hands messages to sessions, never waiting for one of them.

    `unsent_limit_bytes` is how much a session may leave unread, beyond what its socket holds. One
    that exceeds it is cut off: a slow reader must not cost the server its memory, nor the others
    their time.
    """

    def __init__(
        self,
        traffic: Traffic,
        *,
        unsent_limit_bytes: int,
        faults: FaultPoint = NO_FAULTS,
        now_ns: Callable[[], int] = clock.now_ns,
    ) -> None:
        self._traffic = traffic
        self._faults = faults
        self._late = MessageDelivery(now_ns)
        self._unsent_limit_bytes = unsent_limit_bytes

    def deliver(self, session: Session, frame: bytes) -> None:
        """Send a message, framed by `text_frame`, unless a fault has it otherwise."""
        if self._faults.armed or self._late.lines:
            send = partial(self._send, session)
            self._late.deliver(self._faults.messages, WS_MESSAGE, session, frame, send)
        else:
            self._send(session, frame)

    def _send(self, session: Session, frame: bytes) -> None:
        """A session that is closing gets nothing."""
        if session.closing:
            self._traffic.messages_dropped += 1
        elif session.unsent_bytes > self._unsent_limit_bytes:
            self._traffic.messages_dropped += 1
            self._traffic.sessions_cut_off += 1
            session.cut_off()
        else:
            session.write(frame)
            self._traffic.messages_sent += 1
