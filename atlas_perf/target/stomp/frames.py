"""STOMP 1.2 frames as a server reads and writes them, to the letter of the specification.

    frame   = command EOL *(header EOL) EOL *OCTET NULL *EOL        EOL = [CR] LF
    header  = name ":" value            CR, LF, ":" and "\\" are escaped, but not in CONNECT

Clients are made by hand and by machines here; what a lenient server would guess at is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAX_HEADERS = 64
MAX_HEADER_LINE_BYTES = 8 * 1024
MAX_FRAME_BYTES = 64 * 1024

CLIENT_COMMANDS = frozenset(
    {"CONNECT", "STOMP", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "DISCONNECT"}
    | {"ACK", "NACK", "BEGIN", "COMMIT", "ABORT"}
)
UNESCAPED_COMMANDS = frozenset({"CONNECT", "STOMP", "CONNECTED"})
"""For the sake of STOMP 1.0, which escaped nothing."""

HEARTBEAT = b"\n"

_ESCAPES = {"\\\\": "\\", "\\c": ":", "\\n": "\n", "\\r": "\r"}
_ESCAPE = re.compile(r"\\.?", re.DOTALL)
_UNSAFE = re.compile(r"[\\:\n\r]")
_ESCAPED = {value: key for key, value in _ESCAPES.items()}


class FrameError(ValueError):
    """What a client sent is no STOMP 1.2."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Of a header that is repeated only the first counts."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class FrameReader:
    """Frames out of pieces: a message of the WebSocket may hold several, or a part of one."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that end within this piece. Heart-beats, lone EOLs, are skipped.

        Raises:
            FrameError: the bytes are no frames of a client. Nothing may be fed afterwards.
        """
        self._kept += data
        while True:
            found = _first_frame(self._kept)
            if found is None:
                break
            frame, end = found
            self._kept = self._kept[end:]
            yield frame
        if len(self._kept) > MAX_FRAME_BYTES:
            raise FrameError(f"a frame is larger than {MAX_FRAME_BYTES} bytes")


def write(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A frame of the server as bytes."""
    escape = str if command in UNESCAPED_COMMANDS else _escape
    lines = [command, *(f"{escape(name)}:{escape(value)}" for name, value in headers.items())]
    return "\n".join(lines).encode() + b"\n\n" + body + b"\0"


def _first_frame(data: bytes) -> tuple[Frame, int] | None:
    """The first frame and where it ends; None if there is not all of it yet."""
    start = _skip_eols(data)
    lines = []
    place = start
    while True:
        end = data.find(b"\n", place)
        if end < 0 or end - place > MAX_HEADER_LINE_BYTES:
            _refuse_long_line(data, place, end)
            return None
        line = data[place:end].removesuffix(b"\r")
        place = end + 1
        if not line:
            break
        lines.append(_text(line))
        if len(lines) == 1:
            _refuse_unknown(lines[0])
        elif len(lines) > MAX_HEADERS + 1:
            raise FrameError(f"a frame has more than {MAX_HEADERS} headers")
    command, headers = lines[0], _headers(lines)
    ending = _body_end(data, place, headers)
    if ending is None:
        return None
    body = data[place:ending]
    if body and command != "SEND":
        raise FrameError(f"{command} has a body, which only SEND may have")
    return Frame(command, headers, body), ending + 1


def _skip_eols(data: bytes) -> int:
    place = 0
    while data[place : place + 1] == b"\n" or data[place : place + 2] == b"\r\n":
        place += 1 if data[place : place + 1] == b"\n" else 2
    return place


def _refuse_long_line(data: bytes, place: int, end: int) -> None:
    if (len(data) if end < 0 else end) - place > MAX_HEADER_LINE_BYTES:
        raise FrameError(f"a line is longer than {MAX_HEADER_LINE_BYTES} bytes")


def _refuse_unknown(command: str) -> None:
    if command not in CLIENT_COMMANDS:
        raise FrameError("the first line is no command of a client")


def _headers(lines: list[str]) -> dict[str, str]:
    unescape = str if lines[0] in UNESCAPED_COMMANDS else _unescape
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise FrameError("a header is not a name, a colon and a value")
        if unescape is _unescape and ":" in value:
            raise FrameError("a colon within a header's value must be written \\c")
        headers.setdefault(unescape(name), unescape(value))
    return headers


def _body_end(data: bytes, place: int, headers: Mapping[str, str]) -> int | None:
    """Where the NULL after the body is; None if it is not there yet."""
    length = headers.get("content-length")
    if length is None:
        end = data.find(b"\0", place)
        return None if end < 0 else end
    if not (length.isascii() and length.isdigit() and len(length) < 10):
        raise FrameError("content-length is no number of bytes")
    if int(length) > MAX_FRAME_BYTES:
        raise FrameError(f"a frame is larger than {MAX_FRAME_BYTES} bytes")
    end = place + int(length)
    if len(data) <= end:
        return None
    if data[end] != 0:
        raise FrameError("after content-length bytes of body there is no NULL")
    return end


def _text(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise FrameError("a command or header is not UTF-8") from None
    if "\r" in text or "\0" in text:
        raise FrameError("a command or header holds a CR or a NULL")
    return text


def _unescape(text: str) -> str:
    def unescaped(match: re.Match[str]) -> str:
        try:
            return _ESCAPES[match[0]]
        except KeyError:
            raise FrameError(f"{match[0]!r} is no escape") from None

    return _ESCAPE.sub(unescaped, text)


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda match: _ESCAPED[match[0]], text)
