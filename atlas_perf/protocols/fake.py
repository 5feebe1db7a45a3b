"""A client without a network, for unit tests of scenario code.

    http = FakeHttpClient()
    http.answer("GET", "/health/live", json={"status": "UP"})
    http.answer("POST", "/api/runs", status=201, json={"id": "run-1"})
    http.answer("GET", "/api/runs/*/stream", events=["queued", "running", "completed"])
    http.answer("GET", "/api/runs/*", error="request timeout", error_code=1050)

Checks its arguments as the real client does, so a scenario that passes here does not fail there
for a misspelt option.
"""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Unpack, overload

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.batch import BatchRequest, Key, run_batch
from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.cookies import CookieJar
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.expectation import judge_response
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.request import (
    Request,
    RequestDefaults,
    RequestParams,
    build_request,
)
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.http.user_agent import default_user_agent
from atlas_perf.protocols.sse.event_parser import MAX_EVENT_BYTES, ServerSentEvent
from atlas_perf.protocols.sse.fake_stream import FakeEventStream
from atlas_perf.protocols.sse.stream_opening import DEFAULT_STALL, StreamOpening, TokenCount

Answer = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class _Rule:
    method: str
    url_pattern: str
    answer: Answer

    def matches(self, method: str, url: str) -> bool:
        return method == self.method and (
            url == self.url_pattern or fnmatchcase(url, self.url_pattern)
        )


class FakeHttpClient:
    """Answers from a table; a request the table does not know fails the test.

    Attributes:
        requests: every request made, in order: `method`, `url`, `fields`, `body`, `tags`, `name`.
        cookies: an empty jar, for code that sets cookies of its own.
    """

    def __init__(self, *, base_url: str | None = None, options: HttpOptions | None = None) -> None:
        chosen = options or HttpOptions()
        self._defaults = RequestDefaults(
            timeout_ns=chosen.timeout_ns,
            max_redirects=chosen.max_redirects,
            throw=chosen.throw,
            discard_bodies=chosen.discard_response_bodies,
            base_url=base_url,
            user_agent=chosen.user_agent or default_user_agent(),
        )
        self._rules: list[_Rule] = []
        self.requests: list[Request] = []
        self._batch_limit = chosen.batch
        self.cookies = CookieJar()

    def answer(
        self,
        method: str,
        url_pattern: str,
        answer: Answer | None = None,
        *,
        status: int = 200,
        json: Any = None,
        events: Sequence[str | ServerSentEvent] | None = None,
        body: str | bytes = b"",
        headers: Mapping[str, str] | None = None,
        error: str = "",
        error_code: int = ErrorCode.GENERIC,
    ) -> None:
        """Say what a request gets: a response, an error, or whatever `answer(request)` returns.

        `url_pattern` is the URL as the scenario gives it, or with the base URL before it, exactly
        or with the wildcards of `fnmatch`. A later answer wins over an earlier one. `events` is
        what
        a stream brings before the server ends it: data, or whole events.
        """
        if events is not None:
            body = "".join(map(_written, events))
            headers = {"Content-Type": "text/event-stream", **(headers or {})}
        if answer is None:
            content = json_format.dumps(json) if json is not None else body
            fields = {**({"Content-Type": "application/json"} if json is not None else {})}
            fields.update(headers or {})
            answer = _fixed(status, content, fields, error, error_code)
        self._rules.insert(0, _Rule(method.upper(), url_pattern, answer))

    async def request(
        self, method: str, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> Response:
        """Look the answer up; see `HttpClient.request`.

        Raises:
            AssertionError: if no answer was given for this method and URL.
        """
        return await self._answered(build_request(method, url, body, params, self._defaults), url)

    def stream(
        self,
        method: str,
        url: str,
        body: Body = None,
        *,
        stall: str | timedelta = DEFAULT_STALL,
        tokens: TokenCount | bool = False,
        max_event_bytes: int = MAX_EVENT_BYTES,
        **params: Unpack[RequestParams],
    ) -> FakeEventStream:
        """The answer's events, one after another; see `HttpClient.stream`."""
        opening = StreamOpening(method, url, body, params, stall, tokens, max_event_bytes)
        return FakeEventStream(
            opening, opening.request(self._defaults), lambda request: self._answered(request, url)
        )

    async def _answered(self, request: Request, url: str) -> Response:
        self.requests.append(request)
        response = self._find(request, url)(request)
        response.method, response.url = request.method, request.url
        judge_response(request, response)
        if request.throw and response.error:
            raise HttpError(response)
        return response

    async def get(self, url: str, **params: Unpack[RequestParams]) -> Response:
        """GET; see `request`."""
        return await self.request("GET", url, **params)

    async def head(self, url: str, **params: Unpack[RequestParams]) -> Response:
        """HEAD; see `request`."""
        return await self.request("HEAD", url, **params)

    async def options(
        self, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> Response:
        """OPTIONS; see `request`."""
        return await self.request("OPTIONS", url, body, **params)

    async def post(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> Response:
        """POST; see `request`."""
        return await self.request("POST", url, body, **params)

    async def put(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> Response:
        """PUT; see `request`."""
        return await self.request("PUT", url, body, **params)

    async def patch(self, url: str, body: Body = None, **params: Unpack[RequestParams]) -> Response:
        """PATCH; see `request`."""
        return await self.request("PATCH", url, body, **params)

    async def delete(
        self, url: str, body: Body = None, **params: Unpack[RequestParams]
    ) -> Response:
        """DELETE; see `request`."""
        return await self.request("DELETE", url, body, **params)

    @overload
    async def batch(self, requests: Mapping[Key, BatchRequest]) -> dict[Key, Response]: ...
    @overload
    async def batch(self, requests: Sequence[BatchRequest]) -> list[Response]: ...
    async def batch(self, requests: Any) -> Any:
        """Several requests at once, in k6's shapes; responses in order, or by key.

        Raises:
            ValueError, TypeError: for a request that cannot be meant; the others are cancelled.
        """
        return await run_batch(self.request, requests, self._batch_limit)

    def begin_iteration(self) -> None:
        """As the real client: forget the cookies."""
        self.cookies.clear()

    def cut_off(self) -> None:
        """Nothing here is ever in flight."""

    def is_cut_off(self) -> bool:
        """Nothing here ever is."""
        return False

    async def close(self) -> None:
        """Nothing is open."""

    def _find(self, request: Request, url: str) -> Answer:
        for rule in self._rules:
            if rule.matches(request.method, url) or rule.matches(request.method, request.url):
                return rule.answer
        known = ", ".join(f"{rule.method} {rule.url_pattern}" for rule in reversed(self._rules))
        raise AssertionError(
            f"no answer for {request.method} {request.url}; answered are: {known or 'none'}"
        )


def _written(event: str | ServerSentEvent) -> str:
    whole = ServerSentEvent(event) if isinstance(event, str) else event
    named = "" if whole.type == "message" else f"event: {whole.type}\n"
    numbered = f"id: {whole.id}\n" if whole.id else ""
    lines = "".join(f"data: {line}\n" for line in whole.data.split("\n"))
    return f"{named}{numbered}{lines}\n"


def _fixed(
    status: int, content: str | bytes, fields: Mapping[str, str], error: str, error_code: int
) -> Answer:
    wire_body = content.encode() if isinstance(content, str) else content

    def answer(_request: Request) -> Response:
        if error:
            return Response(status=0, error=error, error_code=error_code)
        return Response(
            status=status,
            proto="HTTP/1.1",
            headers=Headers(fields.items()),
            wire_body=wire_body,
        )

    return answer
