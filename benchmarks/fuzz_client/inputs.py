"""What a server sends, and how: from the corpus of the parser's tests, damaged, or made up."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

SHAPES = Path(__file__).parents[2] / "tests" / "http_parser" / "shapes"

_PIECES = [
    *[b"\r\n", b"\n", b"\r", b"\r\n ", b"\r\n\r\n", b"\x00", b"\x7f", b"\xff", b" ", b"\t"],
    *[b":", b",", b";", b"=", b'"', b"0", b"5", b"f", b"-", b"ffffffffffffffff", b"chunked"],
    *[b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n"],
    *[b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 "],
    *[b"0\r\n\r\n", b"5\r\nhello\r\n", b"18446744073709551616", b"HTTP/1.1 100 Continue\r\n\r\n"],
    *[b"Set-Cookie: a=b; Path=/\r\n", b"Location: /next\r\n", b"Content-Encoding: gzip\r\n", b""],
]
_LIKE_THE_LAST = [
    b"HTTP/1.1 200 OK\r\nServer: fuzz\r\nContent-Length: 8\r\n\r\n%08d",
    b"HTTP/1.1 200 OK\r\nServer: fuzz\r\nContent-Length: 9\r\n\r\n%09d",
    b"HTTP/1.1 200 OK\r\nServer: fuzz\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n%08d\r\n0\r\n\r\n",
]
"""Heads that come so often that one connection sees the same one twice, or nearly so."""

_STATUSES = [200, 200, 201, 204, 302, 304, 404, 429, 500, 503]


@dataclass(slots=True)
class Script:
    """One execution: the request's method, and what the server does with it."""

    method: str
    pieces: list[bytes]
    ending: str  # "open", "fin" or "rst"
    cancel_at: int  # the step at which the caller gives up; -1: never
    times_out: bool  # the request has a short limit, and nobody else ends it
    reads_all: bool  # the caller looks at headers, cookies and the decoded body
    expects: bool  # the request has a predicate of its own
    streams: bool  # the request's body is sent in parts

    def __str__(self) -> str:
        pieces = " ".join(piece.hex() or "-" for piece in self.pieces)
        flags = ", ".join(
            name for name in ("times_out", "reads_all", "expects", "streams") if getattr(self, name)
        )
        return (
            f"{self.method}, ending {self.ending}, cancelled at {self.cancel_at}, [{flags}]\n"
            f"pieces in hexadecimal: {pieces}"
        )


class Inputs:
    """Scripts without end; a seed repeats them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._below = self._random.random
        self._corpus = [
            entry["bytes"].encode("latin-1")
            for file in sorted(SHAPES.glob("*.toml"))
            for entry in tomllib.loads(file.read_text()).values()
        ]
        self._serial = 0

    def _pick(self, count: int) -> int:
        return int(self._below() * count)

    def next(self) -> Script:
        """The next execution."""
        data = self.response()
        rolled = self._below()
        method = "GET" if rolled < 0.8 else "HEAD" if rolled < 0.9 else "POST"
        rolled = self._below()
        rare = self._below()
        return Script(
            method=method,
            pieces=self.cut(data),
            ending="open" if rolled < 0.5 else "fin" if rolled < 0.85 else "rst",
            cancel_at=self._pick(4) if rare < 0.03 else -1,
            times_out=0.03 < rare < 0.0305,
            reads_all=rare > 0.9,
            expects=rare > 0.97,
            streams=0.04 < rare < 0.045 and method == "POST",
        )

    def response(self) -> bytes:
        """Bytes of the corpus or made up, many of them damaged."""
        self._serial += 1
        chance = self._below()
        if chance < 0.2:
            data = _LIKE_THE_LAST[self._pick(3)] % self._serial
        elif chance < 0.5:
            data = self._made_up()
        else:
            data = self._corpus[self._pick(len(self._corpus))]
        return self.damaged(data) if chance > 0.4 or 0.15 < chance < 0.2 else data

    def like_the_last(self) -> bytes:
        """A sound response whose head comes again and again."""
        self._serial += 1
        return _LIKE_THE_LAST[self._pick(3)] % self._serial

    def _made_up(self) -> bytes:
        """A sound response, unlike any other."""
        serial = b"%d;" % self._serial
        body = serial * self._pick(12)
        head = b"HTTP/1.1 %d Reason\r\nX-Id: %b\r\n" % (_STATUSES[self._pick(10)], serial)
        if self._below() < 0.5:
            return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)
        at = self._pick(len(body)) if body else 0
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in (body[:at], body[at:]) if c)
        return b"%bTransfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % (head, chunks)

    def damaged(self, data: bytes) -> bytes:
        """The bytes with something put in, left out, changed, or another end, once or more."""
        for _ in range(1 + self._pick(3)):
            at = self._pick(len(data) + 1)
            match self._pick(4):
                case 0:
                    data = data[:at] + _PIECES[self._pick(len(_PIECES))] + data[at:]
                case 1:
                    data = data[:at] + data[at + self._pick(8) :]
                case 2:
                    data = b"%b%c%b" % (data[:at], self._pick(256), data[at + 1 :])
                case 3:
                    other = self._corpus[self._pick(len(self._corpus))]
                    data = data[:at] + other[self._pick(len(other)) :]
        return data

    def cut(self, data: bytes) -> list[bytes]:
        """One to four pieces."""
        pieces = []
        for _ in range(self._pick(4)):
            if len(data) < 2:
                break
            at = 1 + self._pick(len(data) - 1)
            pieces.append(data[:at])
            data = data[at:]
        return [*pieces, data] if data else pieces
