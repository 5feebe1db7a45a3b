"""Who may call: nobody is asked for a token unless the target was given one."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from aiohttp import web

from atlas_perf.target.answers import Refusal

Guard = Callable[[web.Request], None]
"""Returns if the request may be served, raises `Refusal` (401) if not."""


def no_guard(request: web.Request) -> None:
    """Everybody may call."""


def bearer_guard(token: str | None) -> Guard:
    """Asks for `Authorization: Bearer <token>`; for nothing if there is no token."""
    return _header_guard("Authorization", "Bearer ", token)


def a2a_guard(token: str | None) -> Guard:
    """Asks for `X-A2A-Token: <token>`; for nothing if there is no token."""
    return _header_guard("X-A2A-Token", "", token)


def _header_guard(header: str, scheme: str, token: str | None) -> Guard:
    if token is None:
        return no_guard
    expected = f"{scheme}{token}".encode()

    def guard(request: web.Request) -> None:
        given = request.headers.get(header, "").encode("utf-8", "surrogateescape")
        # Constant time, as the real orchestrator's check has to be.
        if not hmac.compare_digest(given, expected):
            raise Refusal(401, "unauthorized", f"{header} is missing or wrong")

    return guard
