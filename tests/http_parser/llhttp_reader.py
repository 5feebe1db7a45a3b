"""The oracle: httptools, which is llhttp in its strict mode, over a whole connection."""

from __future__ import annotations

from collections.abc import Iterable

import httptools
from reading import Fields, Message, Reading

_UPGRADE_PAUSE = "Pause on CONNECT/Upgrade"


def read_with_llhttp(pieces: Iterable[bytes]) -> Reading:
    """As `read_with_engine`, for requests that are neither HEAD nor CONNECT."""
    listener = _Listener()
    parser = httptools.HttpResponseParser(listener)
    listener.parser = parser
    try:
        for piece in pieces:
            parser.feed_data(piece)
    except httptools.HttpParserUpgrade:
        return Reading(tuple(listener.messages))
    except httptools.HttpParserError as error:
        # Of a 101 without an Upgrade field httptools makes an error, although llhttp does not.
        if str(error) == _UPGRADE_PAUSE or listener.is_over:
            return Reading(tuple(listener.messages))
        return Reading(tuple(listener.messages), None, str(error) or "refused")
    if listener.in_message and listener.head_is_whole:
        return Reading(tuple(listener.messages), listener.message("close"))
    # An interim response is not the answer yet; llhttp counts it as a message like any other.
    awaits_final = bool(listener.messages) and listener.messages[-1].kind == "interim"
    refusal = "truncated_head" if listener.in_message or awaits_final else ""
    return Reading(tuple(listener.messages), None, refusal)


class _Listener:
    parser: httptools.HttpResponseParser

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.in_message = False
        self.head_is_whole = False

    @property
    def is_over(self) -> bool:
        """True behind a message that closes the connection: the rest is nobody's."""
        return not self.in_message and bool(self.messages) and self.messages[-1].kind == "close"

    def message(self, kind: str) -> Message:
        minor_version = int(self.parser.get_http_version()[2:])
        status = self.parser.get_status_code()
        return Message(kind, status, minor_version, self._reason, self._fields, self._body)

    def on_message_begin(self) -> None:
        self.in_message = True
        self.head_is_whole = False
        self._reason = b""
        self._fields: Fields = ()
        self._body = b""

    def on_status(self, piece: bytes) -> None:
        self._reason += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_is_whole:
            # White space behind a value is left on by llhttp.
            self._fields += ((name, value.rstrip(b" \t")),)

    def on_headers_complete(self) -> None:
        self.head_is_whole = True

    def on_body(self, piece: bytes) -> None:
        self._body += piece

    def on_message_complete(self) -> None:
        self.in_message = False
        status = self.parser.get_status_code()
        if status == 101:
            kind = "tunnel"
        elif status < 200:
            kind = "interim"
        else:
            kind = "keep" if self.parser.should_keep_alive() else "close"
        self.messages.append(self.message(kind))
