"""Control endpoints for tests: the server's own counters, a fresh start, and tokens.

They answer to this host only, whatever the target is bound to.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

from aiohttp import web

from atlas_perf.target import jwt
from atlas_perf.target.answers import Refusal, bad_request, json_answer, no_content
from atlas_perf.target.collaboration.traffic import Traffic
from atlas_perf.target.counters import Counters
from atlas_perf.target.settings import TargetSettings


class ControlRoutes:
    """Handlers over the counters: `counters` of requests, `traffic` of WebSockets.

    `forget` empties everything the orchestrator remembers.
    """

    def __init__(
        self,
        settings: TargetSettings,
        counters: Counters,
        traffic: Traffic,
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
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
        await self._forget()
        return no_content()

    async def token(self, request: web.Request) -> web.Response:
        """`POST /_target/token?sub=…&lives_s=3600`"""
        loopback_only(request)
        lives_s = _whole_seconds(request.query.get("lives_s", "3600"))
        token = jwt.issue(
            request.query.get("sub", "tester"),
            # Where signatures are not looked at, any secret will do.
            secret=self._settings.jwt_secret or "unverified",
            now_s=time.time(),
            lives_s=lives_s,
        )
        issued = {"accessToken": token, "tokenType": "Bearer", "expiresIn": lives_s}
        return json_answer(json.dumps(issued).encode())


def _whole_seconds(text: str) -> int:
    """May be negative: an expired token is worth testing with."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise bad_request("lives_s must be a whole number of seconds", "lives_s")
    return int(text)


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
