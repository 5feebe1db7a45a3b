from atlas_perf.protocols.http.head_parts import HeadParts
from atlas_perf.protocols.http.recording import RequestLog
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.urls import Target

class RequestPattern:
    def __init__(
        self, request: Request, target: Target, parts: HeadParts, log: RequestLog
    ) -> None: ...

class RequestTemplate:
    @property
    def request(self) -> Request: ...
    @property
    def target(self) -> Target: ...
