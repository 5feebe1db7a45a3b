"""From the URL of a WebSocket to where its connection goes."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.protocols.http.urls import UNIX_SCHEME, Target, invalid_url, parse_target

_HTTP_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}


@dataclass(frozen=True, slots=True)
class WsTarget:
    """A checked URL. `http` is the same place as HTTP knows it; `tag_url` has no user info."""

    http: Target
    url: str
    tag_url: str


def parse_ws_target(url: str) -> WsTarget:
    """Take a whole URL apart; http and https stand for ws and wss.

    Raises:
        RequestFailure: with code 1020 and the reason, without repeating the URL.
    """
    scheme, separator, rest = url.strip(" ").partition("://")
    if scheme.lower() in {"ws+unix", UNIX_SCHEME}:
        raise invalid_url("WebSockets over Unix sockets are not supported; give a host and port")
    if not separator:
        raise invalid_url("it names no host; give a whole URL, or set WS_URL or BASE_URL")
    http_scheme = _HTTP_SCHEMES.get(scheme.lower())
    if http_scheme is None:
        raise invalid_url("its scheme is neither ws nor wss")
    http = parse_target(f"{http_scheme}://{rest}")
    ws_scheme = "wss" if http_scheme == "https" else "ws"
    tag_url = ws_scheme + http.tag_url.removeprefix(http_scheme)
    return WsTarget(http, f"{ws_scheme}://{http.authority}{http.path}", tag_url)
