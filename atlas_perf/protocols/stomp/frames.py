"""STOMP 1.2 frames as a client writes and reads them.

    frame   = command EOL *(header EOL) EOL *OCTET NULL *EOL        EOL = [CR] LF
    header  = name ":" value            CR, LF, ":" and "\\" are escaped, but not in CONNECT(ED)

What a server sends is not trusted: what is no frame to the letter, or too large, is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atlas_perf.protocols.http.json_text import decode_json

MAX_FRAME_BYTES = 1024 * 1024
MAX_HEADERS = 64

SERVER_COMMANDS = frozenset({"CONNECTED", "MESSAGE", "RECEIPT", "ERROR"})
_UNESCAPED = frozenset({"CONNECT", "CONNECTED"})  # as STOMP 1.0 had it

_ESCAPES = {"\\\\": "\\", "\\c": ":", "\\n": "\n", "\\r": "\r"}
_ESCAPED = {value: key for key, value in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\.?", re.DOTALL)
_UNSAFE = re.compile(r"[\\:\n\r]")


class FrameError(ValueError):
    """What came is no STOMP 1.2 of a server."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Of a header that is repeated only the first counts."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: if it is none.
        """
        return decode_json(self.body)


def write_frame(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A frame on the wire.

    Raises:
        ValueError: for a CONNECT with a header that it cannot carry: nothing is escaped in it.
    """
    if command in _UNESCAPED:
        for name, value in headers.items():
            if "\n" in name + value or "\r" in name + value or ":" in name:
                raise ValueError(f"the header {name!r} cannot be written in a {command}")
        lines = [f"{name}:{value}" for name, value in headers.items()]
    else:
        lines = [f"{_escape(name)}:{_escape(value)}" for name, value in headers.items()]
    return "\n".join([command, *lines]).encode() + b"\n\n" + body + b"\0"


def read_frames(data: bytes) -> list[Frame]:
    """All frames of a message; heart-beats, lone EOLs, are none.

    Raises:
        FrameError: if the message is not whole frames of a server.
    """
    if len(data) > MAX_FRAME_BYTES:
        raise FrameError(f"a frame is larger than {MAX_FRAME_BYTES} bytes")
    frames = []
    place = _skip_eols(data, 0)
    while place < len(data):
        frame, place = _read_one(data, place)
        frames.append(frame)
        place = _skip_eols(data, place)
    return frames


def _read_one(data: bytes, start: int) -> tuple[Frame, int]:
    lines: list[str] = []
    place = start
    while True:
        end = data.find(b"\n", place)
        if end < 0:
            raise FrameError("a frame ends within its headers")
        line = data[place:end].removesuffix(b"\r")
        place = end + 1
        if not line:
            break
        lines.append(_text(line))
        if len(lines) > MAX_HEADERS + 1:
            raise FrameError(f"a frame has more than {MAX_HEADERS} headers")
    if not lines or lines[0] not in SERVER_COMMANDS:
        raise FrameError("the first line is no command of a server")
    headers = _headers(lines)
    end = _end_of_body(data, place, headers)
    return Frame(lines[0], headers, data[place:end]), end + 1


def _headers(lines: list[str]) -> dict[str, str]:
    unescape = str if lines[0] in _UNESCAPED else _unescape
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise FrameError("a header is not a name, a colon and a value")
        headers.setdefault(unescape(name), unescape(value))
    return headers


def _end_of_body(data: bytes, place: int, headers: Mapping[str, str]) -> int:
    """Where the NULL after the body is."""
    length = headers.get("content-length")
    if length is None:
        end = data.find(b"\0", place)
        if end < 0:
            raise FrameError("a frame has no NULL at its end")
        return end
    if not (length.isascii() and length.isdigit() and len(length) < 10):
        raise FrameError("content-length is no number of bytes")
    end = place + int(length)
    if data[end : end + 1] != b"\0":
        raise FrameError("after content-length bytes of body there is no NULL")
    return end


def _skip_eols(data: bytes, place: int) -> int:
    while data[place : place + 1] == b"\n" or data[place : place + 2] == b"\r\n":
        place += 1 if data[place : place + 1] == b"\n" else 2
    return place


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise FrameError("a command or header is not UTF-8") from None


def _unescape(text: str) -> str:
    def unescaped(match: re.Match[str]) -> str:
        try:
            return _ESCAPES[match[0]]
        except KeyError:
            raise FrameError(f"{match[0]!r} is no escape") from None

    return _ESCAPE.sub(unescaped, text)


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda match: _ESCAPED[match[0]], text)
