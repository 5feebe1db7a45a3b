"""What scenario code gets back. Decoding happens here, on demand, outside every measured time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atlas_perf.protocols.http.decoding import BodyDecodingError, decode_body
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.timings import Timings


class Response:
    """A response, or with status 0 the account of why there is none.

    Attributes:
        status: the HTTP status; 0 without a usable response.
        reason: the words after the status, often empty.
        proto: "HTTP/1.1" or "HTTP/1.0"; "" without a response.
        method: of the last request, which a redirect may have changed to GET.
        url: of the last request, without user info.
        headers: case-insensitive; `headers.get_all(name)` for repeated ones.
        cookies: names and values that this response set.
        wire_body: the body as received, before content decoding.
        body_bytes: length of the body as received, also of what was not kept of a huge one.
        timings: phases in nanoseconds; see `Timings`.
        error: why there is no usable response; "" if there is one.
        error_code: k6's number for a failure: 1212 refused, 1404 for a 404; 0 if it was expected.
        ok: false exactly if `http_req_failed` counted this request.
        tls_version: "tls1.3"; "" over plain TCP.
    """

    __slots__ = (
        "_decoded",
        "body_bytes",
        "cookies",
        "error",
        "error_code",
        "headers",
        "method",
        "ok",
        "proto",
        "reason",
        "status",
        "timings",
        "tls_version",
        "url",
        "wire_body",
    )

    def __init__(
        self,
        *,
        status: int,
        method: str = "GET",
        url: str = "",
        reason: str = "",
        proto: str = "",
        headers: Headers | None = None,
        wire_body: bytes = b"",
        body_bytes: int | None = None,
        cookies: Mapping[str, str] | None = None,
        timings: Timings | None = None,
        error: str = "",
        error_code: int = 0,
        ok: bool = True,
        tls_version: str = "",
    ) -> None:
        self.status = status
        self.method = method
        self.url = url
        self.reason = reason
        self.proto = proto
        self.headers = headers if headers is not None else Headers()
        self.wire_body = wire_body
        self.body_bytes = len(wire_body) if body_bytes is None else body_bytes
        self.cookies: Mapping[str, str] = cookies or {}
        self.timings = timings or Timings()
        self.error = error
        self.error_code = error_code
        self.ok = ok
        self.tls_version = tls_version
        self._decoded: bytes | None = None

    @property
    def body(self) -> bytes:
        """The body with its content coding undone.

        Raises:
            BodyDecodingError: if it is damaged, coded in an unknown way, or was too long to keep.
        """
        if self._decoded is None:
            if self.body_bytes > len(self.wire_body):
                raise BodyDecodingError(
                    f"only {len(self.wire_body)} of the body's {self.body_bytes} bytes were kept; "
                    "read wire_body instead"
                )
            self._decoded = decode_body(self.wire_body, self.headers.get("content-encoding", ""))
        return self._decoded

    def text(self, encoding: str | None = None) -> str:
        """The body as text, in the charset its Content-Type names, else UTF-8.

        Bytes that are no text in that charset become U+FFFD.

        Raises:
            BodyDecodingError: as `body`.
        """
        chosen = encoding or self._charset()
        try:
            return self.body.decode(chosen, errors="replace")
        except (LookupError, ValueError):  # no charset, or none that decodes text
            if encoding is not None:
                raise
            return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: if it is not JSON, with the status and the beginning of the body.
        """
        try:
            return json.loads(self.body)
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            start = self.text()[:80]
            raise ValueError(
                f"{self.method} {self.url} answered {self.status} with no JSON: {start!r}"
            ) from error

    def _charset(self) -> str:
        for parameter in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip("\"'") or "utf-8"
        return "utf-8"

    def __repr__(self) -> str:
        outcome = self.error or str(self.status)
        return f"<Response {self.method} {self.url}: {outcome}>"


class HttpError(Exception):
    """Raised for a request with `throw=True` that got no usable response."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.method} {response.url}: {response.error}")
        self.response = response
