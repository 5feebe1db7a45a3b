from collections.abc import Callable
from typing import Unpack

from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.request import RequestParams
from atlas_perf.protocols.http.request_template import RequestPattern, RequestTemplate

PatternMaker = Callable[[str, str, Body, RequestParams], RequestPattern | None]

class TemplateStore:
    def __init__(self, pattern: PatternMaker) -> None: ...
    def template_of(
        self, method: str, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> RequestTemplate | None: ...
    @property
    def templates(self) -> int: ...
    @property
    def kinds(self) -> int: ...
