"""The HTTP client of one virtual user: what scenario code calls as `vu.http`.

Policy lives here: redirects, cookies, retries, expected statuses, and that every round trip,
however it ends, is one sample. Bytes and time marks are the connection's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Unpack, overload

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.batch import BatchRequest, Key, run_batch
from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.cookies import CookieJar
from atlas_perf.protocols.http.expectation import judge_response
from atlas_perf.protocols.http.failures import (
    BodyRaisedError,
    CanceledError,
    RequestFailure,
    timeout_failure,
)
from atlas_perf.protocols.http.headers import Headers
from atlas_perf.protocols.http.hops import Hop, first_hop, next_hop
from atlas_perf.protocols.http.http_call import RequestMethods
from atlas_perf.protocols.http.pool import ConnectionPool
from atlas_perf.protocols.http.request import (
    Request,
    RequestParams,
    with_authorization,
    with_credentials_of,
)
from atlas_perf.protocols.http.response import HttpError, Response
from atlas_perf.protocols.http.round_trip import RoundTrip, perform
from atlas_perf.protocols.http.timings import ABSENT, Timings
from atlas_perf.protocols.http.under_way import UnderWay
from atlas_perf.protocols.http.urls import Target, parse_target, redacted
from atlas_perf.protocols.sse.event_parser import MAX_EVENT_BYTES
from atlas_perf.protocols.sse.event_stream import EventStream, StreamHost
from atlas_perf.protocols.sse.stream_opening import DEFAULT_STALL, StreamOpening, TokenCount
from atlas_perf.units import NS_PER_S


class HttpClient(RequestMethods):
    """HTTP/1.1 with the connections and cookies of one virtual user.

    Every request method takes the options of `RequestParams` and returns a `Response`; network
    trouble is a response with status 0, `error` and `error_code`, not an exception, unless
    `throw` is set.
    """

    __slots__ = ("_cut", "_setup", "_under_way", "cookies")

    def __init__(self, setup: ClientSetup, sample_tags: Callable[[], Tags]) -> None:
        """`sample_tags` tells the virtual user's tags whenever a request begins."""
        self._setup = setup
        self._sample_tags = sample_tags
        self._share(setup.templates, setup.recorder, setup.samples, setup.tracing)
        self._use(ConnectionPool(setup.connection_limits))
        self._under_way = UnderWay()
        self._cut = False
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
        return await run_batch(self.request, requests, self._setup.options.batch)

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
    ) -> EventStream:
        """Open a stream of server-sent events, to be entered with `async with`; see `EventStream`.

        Args:
            stall: a silence between events that is counted as a stall.
            tokens: how many tokens an event carries, for the times of an AI's answer; True: one,
                but for OpenAI's `[DONE]`.
            max_event_bytes: an event beyond it is malformed, and ends the stream.

        Raises:
            ValueError, TypeError: for a stream that cannot be meant; nothing is sent or counted.
        """
        opening = StreamOpening(method, url, body, params, stall, tokens, max_event_bytes)
        setup = self._setup
        host = StreamHost(
            self._open_stream, self._sample_tags, self.is_cut_off, setup.recorder, setup.log
        )
        return EventStream(opening, setup.defaults, host)

    async def _open_stream(self, request: Request, user_tags: Tags) -> Response:
        """The stream's request, from its call to the last byte."""
        late_ns, self.late_ns = self.late_ns, min(self.late_ns, 0)
        return await self._go_on(request, user_tags, clock.now_ns(), late_ns)

    def begin_iteration(self) -> None:
        """Forget what must not outlive an iteration: cookies, and connections if so asked."""
        self._cut = False
        options = self._setup.options
        if self._stored_cookies and not options.no_cookies_reset:
            self.cookies.clear()
        if options.no_vu_connection_reuse:
            self._use(self._pool.renewed())

    def cut_off(self) -> None:
        """The iteration's time is up: whatever is canceled from now until the next one was cut off
        by the run. Nobody knows what would have become of it, so it is no failure."""
        self._cut = True

    def is_cut_off(self) -> bool:
        """True if what is canceled now was cut off by the run, and not by the scenario."""
        return self._cut or self._under_way.closed

    @property
    def is_repeatable(self) -> bool:
        """True if an iteration may send the very bytes of the one before, on its connection."""
        return not self._setup.options.no_vu_connection_reuse and self._setup.tracing is None

    @property
    def requests_under_way(self) -> int:
        """How many hold a connection now."""
        return len(self._pool.in_use)

    async def close(self) -> None:
        """Send nothing more: requests under way, and any begun later, are canceled.

        Each is censored (see `cut_off`), recorded on return if it was begun before, and raises
        CancelledError where it is awaited.
        """
        self._under_way.cancel()
        closing = [*self._pool.close(), *self._pool.abort_in_use()]
        # In one turn of the loop they end by themselves, but for a body that will not be stopped
        # and what the event loop is slow to give up, such as a TLS handshake.
        await asyncio.sleep(0)
        for trip, hop in self._under_way.left():
            self._failed(hop, trip, CanceledError(), clock.now_ns())
        await asyncio.gather(*(connection.wait_closed() for connection in closing))

    # What a call on the fast way asks for, when it needs more than its connection

    def _built(self, method: str, url: str, body: Body, params: RequestParams) -> Request:
        return self._setup.built(method, url, body, params)

    def _cookie_pairs(self, target: Target) -> str | None:
        """The value of the Cookie header; None without cookies for this target."""
        pairs = [f"{name}={value}" for name, value in self.cookies.for_target(target).items()]
        return "; ".join(pairs) or None

    async def _request(
        self, method: str, url: str, body: Body, params: RequestParams, late_ns: int = ABSENT
    ) -> Response:
        """The slow way from the beginning."""
        began_ns = clock.now_ns()
        request = self._built(method, url, body, params)
        return await self._go_on(request, self._sample_tags(), began_ns, late_ns)

    async def _go_on(
        self,
        request: Request,
        user_tags: Tags,
        began_ns: int,
        late_ns: int,
        sent_before_bytes: int = 0,
    ) -> Response:
        """The slow way, also after a kept connection turned out to be dead."""
        hop = first_hop(request, user_tags, began_ns, late_ns)
        return await self._follow(replace(hop, sent_before_bytes=sent_before_bytes))

    def _concluded(
        self,
        request: Request,
        target: Target,
        response: Response,
        *,
        user_tags: Tags,
        began_ns: int,
        late_ns: int,
        sent_bytes: int,
        received_bytes: int,
        at_ns: int,
    ) -> Response | Coroutine[Any, Any, Response]:
        """A response that sets cookies or redirects: itself, or the way to the one it leads to."""
        hop = first_hop(request, user_tags, began_ns, late_ns)
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
        trip = RoundTrip(hop.began_ns, hop.sent_before_bytes, hop.request.listener)
        if self._under_way.closed:
            self._failed(hop, trip, CanceledError(), clock.now_ns())
            await asyncio.sleep(0)  # or a loop that asks again and again would stop all others
            raise asyncio.CancelledError
        self._under_way.enter(trip, hop)
        try:
            target = parse_target(hop.request.url)
            self._setup.guard.refuse_others(target)
            request = with_credentials_of(hop.request, target)
            sent = request
            if hop.digest_answer is not None:
                sent = with_authorization(request, hop.digest_answer)
            fields, trip.trace_id = self._setup.traced(sent.fields)
            if fields is not sent.fields:
                sent = replace(sent, fields=fields)
            sent, addressed = self._setup.proxies.on_the_wire(sent, target)
            async with asyncio.timeout((hop.deadline_ns - clock.now_ns()) / NS_PER_S):
                await perform(
                    sent,
                    addressed,
                    {**self.cookies.for_target(target), **request.cookies},
                    trip,
                    pool=self._pool,
                    dialer=self._setup.dialer,
                    keep=not self._setup.options.no_connection_reuse,
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
            if not trip.was_left():
                self._failed(hop, trip, CanceledError(), clock.now_ns())
                raise
        finally:
            self._under_way.leave(trip)
        return self._answered(hop, request, target, trip)

    def _answered(
        self, hop: Hop, request: Request, target: Target, trip: RoundTrip
    ) -> Response | Hop:
        trip.end()
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
            trace_id=trip.trace_id,
        )
        response.ended_ns = trip.watch.last_byte_ns
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
            set_cookies = response.headers.get_all("set-cookie")
            response.cookies = self.cookies.take_headers(target, set_cookies)
            following = next_hop(hop, request, target, response)
            if following is None:
                judge_response(request, response)
            else:
                response.ok = True
        finally:
            self._setup.log.record_response(
                hop.request,
                hop.user_tags,
                response,
                late_ns=hop.late_ns,
                sent_bytes=sent_bytes,
                received_bytes=received_bytes,
                at_ns=at_ns,
            )
        return following

    def _failed(
        self, hop: Hop, trip: RoundTrip, failure: RequestFailure, ended_ns: int
    ) -> Response:
        trip.end()
        return self._no_response(
            hop.request,
            redacted(hop.request.url),
            failure,
            Timings.of_failure(trip.watch, ended_ns),
            user_tags=hop.user_tags,
            late_ns=hop.late_ns,
            sent_bytes=trip.sent_bytes,
            received_bytes=trip.received_bytes,
            ended_ns=ended_ns,
            tls_version=trip.tls_version,
            trace_id=trip.trace_id,
        )

    def _no_response(
        self,
        request: Request,
        url: str,
        failure: RequestFailure,
        timings: Timings,
        *,
        user_tags: Tags,
        late_ns: int,
        sent_bytes: int,
        received_bytes: int,
        ended_ns: int,
        tls_version: str = "",
        trace_id: str = "",
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
            trace_id=trace_id,
        )
        response.ended_ns = ended_ns
        log = self._setup.log
        cut = isinstance(failure, CanceledError) and self.is_cut_off()
        record = log.record_censored if cut else log.record_response
        record(
            request,
            user_tags,
            response,
            late_ns=late_ns,
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            at_ns=ended_ns,
        )
        return response
