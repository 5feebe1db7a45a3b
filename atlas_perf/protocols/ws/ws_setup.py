"""What the WebSocket clients of one scenario have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.http.urls import is_relative, join_base
from atlas_perf.protocols.ws.recording import SessionLog, own_tags
from atlas_perf.protocols.ws.ws_options import ConnectParams, WsOptions, ws_options
from atlas_perf.protocols.ws.ws_target import WsTarget

_REMEMBERED_LOGS = 512


class WsSetup:
    """Base URL, options and open sessions of a scenario; hosts, proxies, TLS and name lookups are
    those of its HTTP clients."""

    def __init__(
        self,
        http: ClientSetup,
        base_url: str | None,
        *,
        phased: bool = False,
        on_no_base: Callable[[], None] | None = None,
    ) -> None:
        """`base_url` completes relative URLs; HTTP ones will do. `phased`: see `RequestLog`;
        `on_no_base`: see `ClientSetup`."""
        self._on_no_base = on_no_base
        self.http = http
        self._base_url = base_url
        self._phased = phased
        self._logs: dict[Tags, SessionLog] = {}
        self._open = 0

    def whole_url(self, url: str) -> str:
        """The URL, completed by the base if it is a relative one."""
        if not isinstance(url, str):
            raise TypeError(f"a URL is text, not {type(url).__name__}")
        whole = join_base(self._base_url, url)
        if self._on_no_base is not None and is_relative(whole):
            self._on_no_base()
        return whole

    def options(self, params: ConnectParams) -> WsOptions:
        """Checked; raises as `ws_options`."""
        defaults = self.http.defaults
        return ws_options(params, user_agent=defaults.user_agent, timeout_ns=defaults.timeout_ns)

    def traced(self, options: WsOptions) -> WsOptions:
        """For one attempt, with a trace of its own if requests have one."""
        fields, _ = self.http.traced(options.fields)
        return options if fields is options.fields else replace(options, fields=fields)

    def log_of(self, target: WsTarget, options: WsOptions) -> SessionLog:
        """Where sessions with this name and these tags are recorded."""
        own = own_tags(target, options, fold_urls=self.http.options.fold_urls)
        log = self._logs.get(own)
        if log is None:
            if len(self._logs) >= _REMEMBERED_LOGS:
                self._logs.clear()
            log = SessionLog(self.http.recorder, own, phased=self._phased)
            self._logs[own] = log
        return log

    def opened(self, log: SessionLog, user: Tags, change: int, at_ns: int) -> None:
        """A session more is open, or one less."""
        self._open += change
        scenario = tuple(pair for pair in user if pair[0] == "scenario")
        log.open_sessions(scenario, self._open, at_ns)
