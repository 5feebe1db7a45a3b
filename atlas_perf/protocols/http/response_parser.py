"""Bytes of one response in, its parts out; llhttp does the syntax, this module the limits.

Knows no socket and no clock. `feed` never raises anything but `RequestFailure`, whatever the
bytes are, and holds no more than the limits below.
"""

from __future__ import annotations

import httptools

from atlas_perf.protocols.http.failures import RequestFailure, malformed_response

MAX_HEADER_BYTES = 256 * 1024
"""Names and values of all header fields of a response, trailers included."""

MAX_HEADER_COUNT = 1000

MAX_INTERIM_RESPONSES = 100
"""1xx responses before the final one."""

MAX_BODY_KEPT_BYTES = 64 * 1024 * 1024
"""Of a longer body the rest is received and counted, but not kept."""

_SWITCHING_PROTOCOLS = 101
_NO_BODY = frozenset({204, 304})


class ResponseParser:
    """One response to one request."""

    __slots__ = (
        "_body",
        "_callbacks",
        "_connection_tokens",
        "_framed",
        "_header_bytes",
        "_headers_done",
        "_interim",
        "_parser",
        "_silent_bytes",
        "_to_head",
        "body_bytes",
        "complete",
        "fields",
        "http_version",
        "message_begun",
        "reason",
        "status",
        "surplus",
    )

    def __init__(self, *, to_head: bool) -> None:
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._to_head = to_head
        self._interim = 0
        self._callbacks = 0
        self._silent_bytes = 0
        self._body: list[bytes] = []
        self.body_bytes = 0
        self.complete = False
        self.surplus = False  # bytes followed that belong to no request
        self.message_begun = False  # true from the first byte of each message
        self._begin_message()

    @property
    def body(self) -> bytes:
        """The body as received, content coding included, up to MAX_BODY_KEPT_BYTES."""
        return self._body[0] if len(self._body) == 1 else b"".join(self._body)

    @property
    def keeps_connection(self) -> bool:
        """True if another request may follow on the same connection."""
        if not self.complete or self.surplus or self.status == _SWITCHING_PROTOCOLS:
            return False
        if not self._framed or b"close" in self._connection_tokens:
            return False
        return self.http_version == "1.1" or b"keep-alive" in self._connection_tokens

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the connection.

        Raises:
            RequestFailure: if they are no HTTP response, or one beyond the limits.
        """
        assert self._parser is not None
        callbacks_before = self._callbacks
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # a complete 101, after which the bytes are another protocol's
        except httptools.HttpParserError as error:
            if self.complete:
                self.surplus = True
                return
            cause = error.__context__
            if isinstance(cause, RequestFailure):
                raise cause from None
            raise malformed_response(str(error)) from None
        # A status line, field, chunk extension or trailer that never ends reaches no callback.
        if self._callbacks == callbacks_before:
            self._silent_bytes += len(data)
            if self._silent_bytes > MAX_HEADER_BYTES:
                raise malformed_response("a line longer than the limit")
        else:
            self._silent_bytes = 0

    def end_of_stream(self) -> None:
        """The server closed the connection: the end of a body that has no other."""
        if self._headers_done and not self._framed:
            self.complete = True

    def finish(self) -> None:
        """No more bytes will come. Results stay; llhttp goes, whose callbacks point back here:
        left alone, the cycle would keep every body until a garbage collection."""
        self._parser = None

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True
            return
        self._begin_message()
        self.message_begun = True

    def on_status(self, reason: bytes) -> None:
        # Arrives in pieces, so it must not count as progress: it could go on for ever.
        if not self.complete and len(self.reason) < 256:
            self.reason += reason.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return
        self._callbacks += 1
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self.fields) >= MAX_HEADER_COUNT:
            raise malformed_response("more headers than the limit")
        if self._headers_done:
            return  # a trailer: read, bounded, and of no use to a load test
        self.fields.append((name.decode("latin-1"), value.decode("latin-1")))
        lower = name.lower()
        if lower == b"connection":
            self._connection_tokens.update(token.strip() for token in value.lower().split(b","))
        elif lower == b"content-length":
            self._framed = True
        elif lower == b"transfer-encoding":
            self._framed = value.lower().rpartition(b",")[2].strip() == b"chunked"

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        assert self._parser is not None
        self._callbacks += 1
        self._headers_done = True
        self.status = self._parser.get_status_code()
        self.http_version = self._parser.get_http_version()
        if self._to_head or self.status in _NO_BODY:
            self._framed = True
        if self._to_head and self.status >= 200:
            # llhttp is not told about HEAD and would wait for the body that was announced.
            self.complete = True

    def on_chunk_header(self) -> None:
        self._callbacks += 1

    def on_body(self, data: bytes) -> None:
        if self.complete:
            self.surplus = True
            return
        self._callbacks += 1
        room = MAX_BODY_KEPT_BYTES - self.body_bytes
        self.body_bytes += len(data)
        if room > 0:
            self._body.append(data if len(data) <= room else data[:room])

    def on_message_complete(self) -> None:
        if self.complete:
            return
        self._callbacks += 1
        if self.status >= 200 or self.status == _SWITCHING_PROTOCOLS:
            self.complete = True
            return
        self._interim += 1
        if self._interim > MAX_INTERIM_RESPONSES:
            raise malformed_response("more interim responses than the limit")
        self._begin_message()

    def _begin_message(self) -> None:
        self.status = 0
        self.reason = ""
        self.http_version = "1.1"
        self.fields: list[tuple[str, str]] = []
        self._header_bytes = 0
        self._headers_done = False
        self._framed = False
        self._connection_tokens: set[bytes] = set()
