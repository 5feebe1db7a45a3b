from collections.abc import Callable, Coroutine
from typing import Any, Unpack

from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.pool import ConnectionPool
from atlas_perf.protocols.http.recording import HttpRecorder, RequestLog
from atlas_perf.protocols.http.request import Request, RequestParams
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.urls import Target

class RequestTemplate:
    def __init__(
        self, request: Request, target: Target, head: bytes, content_bytes: int
    ) -> None: ...
    @property
    def request(self) -> Request: ...
    @property
    def target(self) -> Target: ...

class HttpCall(Coroutine[Any, Any, Response]): ...

class RequestMethods:
    _pool: ConnectionPool
    _log: RequestLog
    _recorder: HttpRecorder
    _sample_tags: Callable[[], Tags]
    _stored_cookies: dict[Any, Any]
    def request(
        self, method: str, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> HttpCall: ...
    def get(self, url: str, **params: Unpack[RequestParams]) -> HttpCall: ...
    def head(self, url: str, **params: Unpack[RequestParams]) -> HttpCall: ...
    def options(
        self, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> HttpCall: ...
    def post(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> HttpCall: ...
    def put(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> HttpCall: ...
    def patch(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> HttpCall: ...
    def delete(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> HttpCall: ...
