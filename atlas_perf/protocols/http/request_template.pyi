from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.urls import Target

class RequestTemplate:
    def __init__(
        self, request: Request, target: Target, head: bytes, content_bytes: int
    ) -> None: ...
    @property
    def request(self) -> Request: ...
    @property
    def target(self) -> Target: ...
