from collections.abc import Mapping
from typing import Any

from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.timings import Timings

class Response:
    status: int
    method: str
    url: str
    headers: Headers
    wire_body: bytes
    body_bytes: int
    ended_ns: int
    cookies: Mapping[str, str]
    error: str
    error_code: int
    ok: bool
    tls_version: str
    trace_id: str
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
        trace_id: str = "",
    ) -> None: ...
    @property
    def reason(self) -> str: ...
    @property
    def proto(self) -> str: ...
    @property
    def timings(self) -> Timings: ...
    @property
    def body(self) -> bytes: ...
    def text(self, encoding: str | None = None) -> str: ...
    def json(self) -> Any: ...

class HttpError(Exception):
    response: Response
    def __init__(self, response: Response) -> None: ...
