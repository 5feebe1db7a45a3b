"""Control endpoints for tests: the server's own counters, and a fresh start.

They answer to this host only, whatever the target is bound to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from aiohttp import web

from atlas_perf.target.answers import Refusal, json_answer, no_content
from atlas_perf.target.collaboration.traffic import Traffic
from atlas_perf.target.counters import Counters


class ControlRoutes:
    """Handlers over the counters: `counters` of requests, `traffic` of WebSockets.

    `forget` empties everything the orchestrator remembers.
    """

    def __init__(self, counters: Counters, traffic: Traffic, forget: Callable[[], None]) -> None:
        self._counters = counters
        self._traffic = traffic
        self._forget = forget

    async def counters(self, request: web.Request) -> web.Response:
        """`GET /_target/counters`"""
        loopback_only(request)
        endpoints = self._counters.plain()
        total = sum(sum(statuses.values()) for statuses in endpoints.values())
        counted: Mapping[str, object] = {
            "total": total,
            "endpoints": endpoints,
            "websocket": self._traffic.plain(),
        }
        return json_answer(json.dumps(counted).encode())

    async def reset(self, request: web.Request) -> web.Response:
        """`POST /_target/reset`"""
        loopback_only(request)
        self._counters.reset()
        self._traffic.reset()
        self._forget()
        return no_content()


def loopback_only(request: web.Request) -> None:
    """Refuse whoever is not on this host.

    Raises:
        Refusal: 403.
    """
    # A client over a Unix socket has no address, and is on this host by nature.
    if request.remote and not is_loopback(request.remote):
        raise Refusal(403, "forbidden", "control endpoints answer to this host only")


def is_loopback(address: str) -> bool:
    """Whether an IP address, an IPv4 one written as IPv6 included, is of the loopback net."""
    ip = ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return bool((mapped or ip).is_loopback)
