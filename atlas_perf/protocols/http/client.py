"""The HTTP client of one virtual user: what scenario code calls as `vu.http`.

Policy lives here: redirects, cookies, retries, expected statuses, and that every round trip,
however it ends, is one sample. Bytes and time marks are the connection's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload
from urllib.parse import urlsplit

from atlas_perf import clock
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.batch import BatchRequest, Key, run_batch
from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.cookies import CookieJar
from atlas_perf.protocols.http.dialing import Dialer
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.expectation import judge_response
from atlas_perf.protocols.http.failures import BodyRaisedError, RequestFailure, timeout_failure
from atlas_perf.protocols.http.headers import Headers, checked_fields
from atlas_perf.protocols.http.hops import Hop, first_hop, next_hop
from atlas_perf.protocols.http.http_call import RequestMethods, RequestTemplate
from atlas_perf.protocols.http.pool import ConnectionPool
from atlas_perf.protocols.http.proxy import Proxies
from atlas_perf.protocols.http.recording import HttpRecorder, Outcome, RequestLog
from atlas_perf.protocols.http.request import (
    Request,
    RequestDefaults,
    RequestParams,
    build_request,
    head_bytes,
    with_authorization,
    with_credentials_of,
)
from atlas_perf.protocols.http.resolver import Resolver, shared_resolver
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.http.round_trip import RoundTrip, perform
from atlas_perf.protocols.http.timings import Timings
from atlas_perf.protocols.http.tls import TlsSettings
from atlas_perf.protocols.http.tls_sessions import TlsSessions
from atlas_perf.protocols.http.urls import Target, parse_target, redacted
from atlas_perf.protocols.http.user_agent import default_user_agent
from atlas_perf.units import NS_PER_S


class HttpClient(RequestMethods):
    """HTTP/1.1 with the connections and cookies of one virtual user.

    Every request method takes the options of `RequestParams` and returns a `Response`; network
    trouble is a response with status 0, `error` and `error_code`, not an exception, unless
    `throw` is set.
    """

    def __init__(
        self,
        *,
        options: HttpOptions,
        recorder: HttpRecorder,
        sample_tags: Callable[[], Tags],
        base_url: str | None = None,
        resolver: Resolver | None = None,
        connections_per_host: int | None = None,
    ) -> None:
        """`sample_tags` tells the virtual user's tags whenever a request begins.

        Raises:
            PlanError: if the `hosts` option names something that is no address, or a proxy none.
            ValueError: if the user agent cannot be a header.
        """
        user_agent = options.user_agent or default_user_agent()
        checked_fields({"User-Agent": user_agent})
        self._options = options
        self._sample_tags = sample_tags
        self._recorder = recorder
        self._log = RequestLog(recorder, fold_urls=options.fold_urls)
        self._defaults = RequestDefaults(
            timeout_ns=options.timeout_ns,
            max_redirects=options.max_redirects,
            throw=options.throw,
            discard_bodies=options.discard_response_bodies,
            base_url=base_url,
            user_agent=user_agent,
        )
        tls = TlsSettings(options)
        self._proxies = Proxies(options)
        # Who may not reuse a connection has nothing to resume either.
        self._tls_sessions = None if options.no_connection_reuse else TlsSessions()
        self._dialer = Dialer(
            resolver=resolver or shared_resolver(),
            hosts=options.hosts,
            tls=tls,
            proxies=self._proxies,
            sessions=self._tls_sessions,
        )
        if base_url is not None and base_url.startswith("https:"):
            tls.context_for(urlsplit(base_url).hostname or "")  # loaded before any request
        self._connections_per_host = connections_per_host or options.batch_per_host
        self._pool = ConnectionPool(self._connections_per_host)
        self._batch_limit = options.batch
        self.cookies = CookieJar()
        self._stored_cookies = self.cookies.stored

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
        """Forget what must not outlive an iteration: cookies, and connections if so asked."""
        if self._stored_cookies and not self._options.no_cookies_reset:
            self.cookies.clear()
        if self._options.no_vu_connection_reuse:
            self._pool.close()
            self._pool = ConnectionPool(self._connections_per_host)
            if self._tls_sessions is not None:
                self._tls_sessions.forget()

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        closing = [*self._pool.close(), *self._pool.abort_in_use()]
        await asyncio.gather(*(connection.wait_closed() for connection in closing))

    # What a call on the fast way asks for, when it needs more than its connection

    def _built(self, method: str, url: str, body: Body, params: RequestParams) -> Request:
        return build_request(method, url, body, params, self._defaults)

    def _template(
        self, method: str, url: str, body: Body, params: RequestParams
    ) -> RequestTemplate | None:
        """What requests like this have in common; None if they cannot go the fast way."""
        request = self._built(method, url, body, params)
        if self._options.no_connection_reuse or request.asks_to_close or request.cookies:
            return None
        content = request.body
        if isinstance(content, BodyStream) or params.get("files") is not None:
            return None
        try:
            target = parse_target(request.url)
        except RequestFailure:
            return None
        request = with_credentials_of(request, target)
        head = head_bytes(*self._proxies.on_the_wire(request, target), {}, close=False)
        return RequestTemplate(replace(request, body=b""), target, head, len(content))

    def _cookie_pairs(self, target: Target) -> str | None:
        """The value of the Cookie header; None without cookies for this target."""
        pairs = [f"{name}={value}" for name, value in self.cookies.for_target(target).items()]
        return "; ".join(pairs) or None

    async def _request(self, method: str, url: str, body: Body, params: RequestParams) -> Response:
        """The slow way from the beginning."""
        began_ns = clock.now_ns()
        request = self._built(method, url, body, params)
        return await self._go_on(request, self._sample_tags(), began_ns)

    async def _go_on(
        self, request: Request, user_tags: Tags, began_ns: int, sent_before_bytes: int = 0
    ) -> Response:
        """The slow way, also after a kept connection turned out to be dead."""
        hop = first_hop(request, user_tags, began_ns)
        return await self._follow(replace(hop, sent_before_bytes=sent_before_bytes))

    def _concluded(
        self,
        request: Request,
        target: Target,
        response: Response,
        *,
        user_tags: Tags,
        began_ns: int,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> Response | Coroutine[Any, Any, Response]:
        """A response that sets cookies or redirects: itself, or the way to the one it leads to."""
        hop = first_hop(request, user_tags, began_ns)
        following = self._conclude(
            hop,
            request,
            target,
            response,
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            at_ns=at_ns,
        )
        if following is not None:
            return self._follow(following)
        if request.throw and response.error:
            raise HttpError(response)
        return response

    async def _follow(self, hop: Hop) -> Response:
        while True:
            result = await self._round_trip(hop)
            if isinstance(result, Response):
                break
            hop = result
        if hop.request.throw and result.error:
            raise HttpError(result)
        return result

    async def _round_trip(self, hop: Hop) -> Response | Hop:
        """One hop: its final response, or the next hop. Whatever happens, it is one sample."""
        trip = RoundTrip(hop.began_ns, hop.sent_before_bytes)
        try:
            target = parse_target(hop.request.url)
            request = with_credentials_of(hop.request, target)
            sent = request
            if hop.digest_answer is not None:
                sent = with_authorization(request, hop.digest_answer)
            sent, addressed = self._proxies.on_the_wire(sent, target)
            async with asyncio.timeout((hop.deadline_ns - clock.now_ns()) / NS_PER_S):
                await perform(
                    sent,
                    addressed,
                    {**self.cookies.for_target(target), **request.cookies},
                    trip,
                    pool=self._pool,
                    dialer=self._dialer,
                    keep=not self._options.no_connection_reuse,
                )
        except BodyRaisedError as failure:
            self._failed(hop, trip, failure, clock.now_ns())
            raise failure.raised from None
        except RequestFailure as failure:
            return self._failed(hop, trip, failure, clock.now_ns())
        except TimeoutError:
            # Timers of the loop have a grain of 1 ms and may fire early: never below the limit.
            ended_ns = max(clock.now_ns(), hop.deadline_ns)
            return self._failed(hop, trip, timeout_failure(dialling=trip.watch.dialling), ended_ns)
        except asyncio.CancelledError:
            canceled = RequestFailure(ErrorCode.GENERIC, "request canceled")
            self._failed(hop, trip, canceled, clock.now_ns())
            raise
        return self._answered(hop, request, target, trip)

    def _answered(
        self, hop: Hop, request: Request, target: Target, trip: RoundTrip
    ) -> Response | Hop:
        parser = trip.parser
        response = Response(
            status=parser.status,
            method=request.method,
            url=target.tag_url,
            reason=parser.reason,
            proto=f"HTTP/{parser.http_version}",
            headers=Headers(parser.fields),
            wire_body=parser.body,
            body_bytes=parser.body_bytes,
            timings=Timings.of_response(trip.watch),
            tls_version=trip.tls_version,
        )
        following = self._conclude(
            hop,
            request,
            target,
            response,
            sent_bytes=trip.sent_bytes,
            received_bytes=trip.received_bytes,
            at_ns=trip.watch.last_byte_ns,
        )
        return following or response

    def _conclude(
        self,
        hop: Hop,
        request: Request,
        target: Target,
        response: Response,
        *,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> Hop | None:
        """Take its cookies, judge it and record it; the next hop if it redirects."""
        response.ok = False  # until proven, so that whatever happens here is one sample
        try:
            response.cookies = self._take_cookies(target, response.headers)
            following = next_hop(hop, request, target, response)
            if following is None:
                judge_response(request, response)
            else:
                response.ok = True
        finally:
            self._record(
                hop.request,
                hop.user_tags,
                response,
                sent_bytes=sent_bytes,
                received_bytes=received_bytes,
                at_ns=at_ns,
            )
        return following

    def _take_cookies(self, target: Target, headers: Headers) -> dict[str, str]:
        cookies: dict[str, str] = {}
        for header in headers.get_all("set-cookie"):
            cookie = self.cookies.take_header(target, header)
            if cookie is not None:
                cookies[cookie.name] = cookie.value
        return cookies

    def _failed(
        self, hop: Hop, trip: RoundTrip, failure: RequestFailure, ended_ns: int
    ) -> Response:
        return self._no_response(
            hop.request,
            redacted(hop.request.url),
            failure,
            Timings.of_failure(trip.watch, ended_ns),
            user_tags=hop.user_tags,
            sent_bytes=trip.sent_bytes,
            received_bytes=trip.received_bytes,
            ended_ns=ended_ns,
            tls_version=trip.tls_version,
        )

    def _no_response(
        self,
        request: Request,
        url: str,
        failure: RequestFailure,
        timings: Timings,
        *,
        user_tags: Tags,
        sent_bytes: int,
        received_bytes: int,
        ended_ns: int,
        tls_version: str = "",
    ) -> Response:
        response = Response(
            status=0,
            method=request.method,
            url=url,
            timings=timings,
            error=failure.text,
            error_code=failure.code,
            ok=False,
            tls_version=tls_version,
        )
        self._record(
            request,
            user_tags,
            response,
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            at_ns=ended_ns,
        )
        return response

    def _record(
        self,
        request: Request,
        user_tags: Tags,
        response: Response,
        *,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> None:
        outcome = Outcome(
            method=response.method,
            url=response.url,
            name=request.name,
            status=response.status,
            proto=response.proto,
            tls_version=response.tls_version,
            error=response.error,
            error_code=response.error_code,
            failed=not response.ok,
        )
        self._log.record(user_tags, request.tags, outcome, response.timings, at_ns)
        self._log.record_data(user_tags, sent_bytes, received_bytes, at_ns)
