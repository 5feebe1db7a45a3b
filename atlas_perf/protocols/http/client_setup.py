"""What the clients of one scenario have in common: its options, and what is worked out of them.

Nothing in here belongs to a virtual user, so thousands of them weigh little more than their own
connections and cookies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.allowed_hosts import HostGuard
from atlas_perf.protocols.http.body import Body
from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.connection_limits import limits_of
from atlas_perf.protocols.http.dialing import Dialer
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.head_parts import head_parts
from atlas_perf.protocols.http.headers import HeaderFields, checked_fields
from atlas_perf.protocols.http.proxy import Proxies
from atlas_perf.protocols.http.recording import HttpRecorder, RequestLog
from atlas_perf.protocols.http.request import (
    Request,
    RequestDefaults,
    RequestParams,
    build_request,
    with_credentials_of,
)
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.protocols.http.request_template import RequestPattern
from atlas_perf.protocols.http.resolver import Resolver, shared_resolver
from atlas_perf.protocols.http.template_store import TemplateStore
from atlas_perf.protocols.http.tls import TlsSettings
from atlas_perf.protocols.http.trace_context import HEADER, TraceContext, trace_id_in
from atlas_perf.protocols.http.urls import is_relative, parse_target
from atlas_perf.protocols.http.user_agent import default_user_agent


class ClientSetup:
    """Options, base URL and recorder of some clients, and the templates of their requests."""

    def __init__(
        self,
        *,
        options: HttpOptions,
        recorder: HttpRecorder,
        base_url: str | None = None,
        resolver: Resolver | None = None,
        connections_per_host: int | None = None,
        phased: bool = False,
        on_no_base: Callable[[], None] | None = None,
        samples: RequestSamples | None = None,
    ) -> None:
        """The environment's proxies are read once, here. `phased` and `samples`: see `RequestLog`.

        `on_no_base` is told of each relative URL that there is no base for.

        Raises:
            PlanError: if the `hosts` option names something that is no address, or a proxy none.
            ValueError: if the user agent cannot be a header.
        """
        user_agent = options.user_agent or default_user_agent()
        checked_fields({"User-Agent": user_agent})
        self.options = options
        self.recorder = recorder
        self.samples = samples if options.request_samples else None
        self.log = RequestLog(
            recorder, fold_urls=options.fold_urls, phased=phased, samples=self.samples
        )
        self.tracing = None if options.trace_share is None else TraceContext(options.trace_share)
        self.defaults = RequestDefaults(
            timeout_ns=options.timeout_ns,
            max_redirects=options.max_redirects,
            throw=options.throw,
            discard_bodies=options.discard_response_bodies,
            base_url=base_url,
            user_agent=user_agent,
        )
        self._on_no_base = on_no_base
        self.guard = HostGuard(options.allowed_hosts)
        tls = TlsSettings(options)
        self.proxies = Proxies(options)
        self.dialer = Dialer(
            resolver=resolver or shared_resolver(options.dns),
            options=options,
            tls=tls,
            proxies=self.proxies,
        )
        if base_url is not None and base_url.startswith("https:"):
            tls.context_for(urlsplit(base_url).hostname or "")  # loaded before any request
        self.connection_limits = limits_of(options, per_host=connections_per_host)
        self.templates = TemplateStore(self._pattern)

    def built(self, method: str, url: str, body: Body, params: RequestParams) -> Request:
        """A request of scenario code, checked; raises as `build_request`."""
        request = build_request(method, url, body, params, self.defaults)
        if self._on_no_base is not None and is_relative(request.url):
            self._on_no_base()
        return request

    def traced(self, fields: HeaderFields) -> tuple[HeaderFields, str]:
        """A request's headers with a trace of its own, and its id; as they are if they have one."""
        if self.tracing is None:
            return fields, ""
        own_id = trace_id_in(dict(fields))
        if own_id is not None:
            return fields, own_id
        trace_id, value = self.tracing.next()
        return (*fields, (HEADER, value)), trace_id

    def _pattern(
        self, method: str, url: str, body: Body, params: RequestParams
    ) -> RequestPattern | None:
        """What requests like this have in common; None if they cannot go the fast way."""
        request = self.built(method, url, body, params)
        if self.options.no_connection_reuse or request.asks_to_close or request.cookies:
            return None
        if isinstance(request.body, BodyStream) or params.get("files") is not None:
            return None
        try:
            target = parse_target(request.url)
        except RequestFailure:
            return None
        given = len(params.get("headers") or ())
        own = len(request.fields) - given
        request = replace(with_credentials_of(request, target), body=b"")
        may_have_content = (body, params.get("json"), params.get("data")) != (None, None, None)
        parts = head_parts(
            *self.proxies.on_the_wire(request, target),
            own=own,
            given=given,
            may_have_content=may_have_content,
        )
        return RequestPattern(request, target, parts, self.log)
