"""The server's end of one connection, plain or under TLS: a step a turn, and any bytes it is told.

It knows which bytes of a response have come across whole and undamaged, in clear: only these can
be what the client makes its response of.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from atlas_perf.protocols.http.urls import Origin
from benchmarks.fuzz_client.replies import Reply

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)

Damage = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Received:
    """A request, whole."""

    head: bytes
    body: bytes


class ServerEnd:
    """One connection.

    Attributes:
        origin: where the client believes it to lead.
        requests: those that came and are not answered yet.
        reply: the one that is being sent, or was last.
        replies: how many have been begun.
        closed: by this end.
        left: by the client.
        poisoned: something damaged is on its way, so nothing sound can come after it.
        busy: something was sent, or came, in the last turn.
        leaves_one: a byte of what comes is left unread, so that closing is a reset.
    """

    def __init__(self, sock: socket.socket, origin: Origin) -> None:
        sock.setblocking(False)
        self.origin = origin
        self.requests: deque[Received] = deque()
        self.replies = 0
        self.closed = self.left = self.poisoned = self.busy = False
        self._sock = sock
        self._received = b""
        self.reply = Reply("GET")
        self._to_send: deque[bytes] = deque()
        self._marks: list[tuple[int, bytes, bool]] = []
        self._sent = 0
        self._ending = "open"
        self.leaves_one = False
        self._left_unread = b""

    def answer(self, reply: Reply, pieces: Sequence[bytes], ending: str) -> None:
        """Send a response and end, as `ending` says: "open", "fin" or "rst"."""
        self._begin(reply, ending)
        for piece in pieces:
            self._to_send.append(piece)
            self._mark(len(piece), piece)

    def _begin(self, reply: Reply, ending: str) -> None:
        self.replies += 1
        self.reply = reply
        self._ending = ending
        self._marks.clear()
        self._sent = 0

    def _mark(self, length: int, clear: bytes, *, farewell: bool = False) -> None:
        """With so many more bytes of the wire these have come across."""
        before = self._marks[-1][0] if self._marks else 0
        self._marks.append((before + length, clear, farewell))

    @property
    def is_late(self) -> bool:
        """True if there is something behind a response that is whole, which may never be sent."""
        return bool(self._to_send) and self.reply.is_whole

    def turn(self, *, sends_late: bool) -> None:
        """Take what came, send a piece; after the last one, end.

        Whoever has the connection by now would take what is late for his own: it is sent only if
        there is nobody.
        """
        self.busy = False
        if self.closed:
            return
        self._receive()
        if self._to_send:
            if sends_late or not self.is_late:
                self._send(self._to_send.popleft())
        elif self._ending != "open":
            self._end()

    def _receive(self) -> None:
        try:
            data = self._sock.recv(65536, socket.MSG_PEEK)
            fresh = data[len(self._left_unread) :]
            if data and (fresh or not self._left_unread):
                keep = 1 if self.leaves_one else 0
                self._sock.recv(len(data) - keep)
                self._left_unread = data[len(data) - keep :]
            self.left = self.left or not data
        except BlockingIOError:
            return
        except OSError:
            self.left = True
            return
        if fresh:
            self.busy = True
            self._take(fresh)

    def _take(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[: end + 4]
            match = _LENGTH.search(head)
            whole = end + 4 + (int(match[1]) if match else 0)
            if len(self._received) < whole:
                return
            self.requests.append(Received(head, self._received[end + 4 : whole]))
            self._received = self._received[whole:]

    def _send(self, piece: bytes) -> None:
        self.busy = True
        try:
            sent = self._sock.send(piece)
        except OSError:
            self._to_send.clear()  # the client has closed it
            self.left = True
            return
        if sent < len(piece):
            self._to_send.appendleft(piece[sent:])
        self._sent += sent
        while self._marks and self._marks[0][0] <= self._sent:
            _, clear, farewell = self._marks.pop(0)
            self.reply.delivered += clear
            self.reply.ended = self.reply.ended or farewell

    def _end(self) -> None:
        self.busy = True
        self.reply.cut = True
        self.reply.was_reset = self._ending == "rst" and bool(self._left_unread)
        if not self.reply.was_reset and self._ends_in_order():
            self.reply.ended = True
        self.close()

    def _ends_in_order(self) -> bool:
        """True if closing says that a body that has no other end is whole."""
        return True

    def was_left(self) -> bool:
        """True if the client has closed it by now."""
        self.leaves_one = False
        if self._left_unread:
            with suppress(OSError):
                self._sock.recv(len(self._left_unread))
            self._left_unread = b""
        for _ in range(3):
            if not (self.closed or self.left):
                self._receive()
        return self.closed or self.left

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._sock.close()


class SecureEnd(ServerEnd):
    """The same under TLS; `damage` changes bytes of the wire, of the handshake's or a response's.

    Attributes:
        shaken: true once the handshake is over on this side.
        harmed: true once something of the handshake was damaged.
    """

    def __init__(
        self,
        sock: socket.socket,
        origin: Origin,
        context: ssl.SSLContext,
        damage: Damage | None,
        cut: Callable[[bytes], list[bytes]],
    ) -> None:
        """`damage` is for the handshake; `cut` makes pieces of the wire's bytes."""
        super().__init__(sock, origin)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._damage = damage
        self._cut = cut
        self.shaken = self.harmed = False

    def answer(
        self,
        reply: Reply,
        pieces: Sequence[bytes],
        ending: str,
        damage: Damage | None = None,
    ) -> None:
        """Each piece is a record. "notify" ends with close_notify; "fin" without."""
        self._begin(reply, ending)
        wire = b""
        if self._outgoing.pending:  # tickets, held back until now
            wire = self._outgoing.read()
            self._mark(len(wire), b"")
        for piece in pieces:
            self._tls.write(piece)
            record = self._outgoing.read()
            wire += record
            self._mark(len(record), piece)
        if ending == "notify":
            with suppress(ssl.SSLError):  # the client's has not come
                self._tls.unwrap()
            record = self._outgoing.read()
            wire += record
            self._mark(len(record), b"", farewell=True)
        if damage is not None:
            damaged = damage(wire)
            sound = _equal_bytes(wire, damaged)
            reply.poisoned = self.poisoned = self.poisoned or damaged != wire
            self._marks = [mark for mark in self._marks if mark[0] <= sound]
            wire = damaged
        self._to_send.extend(self._cut(wire))

    def _ends_in_order(self) -> bool:
        return False  # only close_notify does

    def _take(self, data: bytes) -> None:
        self._incoming.write(data)
        try:
            if not self.shaken:
                self._tls.do_handshake()
                self.shaken = True
            while clear := self._tls.read(65536):
                super()._take(clear)
        except ssl.SSLWantReadError:
            pass
        except OSError:
            self._ending = "fin"  # an alert came, or what answers damage
        # Tickets of TLS 1.3 go before the first response.
        if self._outgoing.pending and not (self.shaken and self._tls.version() == "TLSv1.3"):
            self._speak()

    def _speak(self) -> None:
        """Send what TLS itself has to say."""
        wire = self._outgoing.read()
        if self._damage is not None and wire:
            damaged = self._damage(wire)
            self.poisoned = self.harmed = self.harmed or damaged != wire
            wire = damaged
        self._to_send.extend(self._cut(wire))


def _equal_bytes(one: bytes, other: bytes) -> int:
    """How many at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
