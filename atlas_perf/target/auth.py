"""Who may call: nobody is asked for a token unless the target was told to ask."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from aiohttp import web

from atlas_perf.target import jwt
from atlas_perf.target.answers import Refusal
from atlas_perf.target.settings import TargetSettings

Guard = Callable[[web.Request], None]
"""Returns if the request may be served, raises `Refusal` (401) if not."""

BearerCheck = Callable[[str], None]
"""The same for the text of an `Authorization` header, wherever it came from."""


def no_guard(request: web.Request) -> None:
    """Everybody may call."""


def bearer_guard(settings: TargetSettings) -> Guard:
    """Asks for `Authorization: Bearer …` if the settings do."""
    check = bearer_check(settings)
    if check is None:
        return no_guard

    def guard(request: web.Request) -> None:
        check(request.headers.get("Authorization", ""))

    return guard


def bearer_check(
    settings: TargetSettings, *, now_s: Callable[[], float] = time.time
) -> BearerCheck | None:
    """What an `Authorization` header must hold; None if it may hold anything.

    With both an exact token and JWTs asked for, either will do.
    """
    exact = settings.auth_token
    asks_for_jwt = settings.asks_for_jwt or settings.jwt_secret is not None
    if exact is None and not asks_for_jwt:
        return None

    def check(header: str) -> None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Authorization must be Bearer and a token", "Bearer")
        if exact is not None and _same(token, exact):
            return
        problem = "it is not the expected one"
        if asks_for_jwt:
            try:
                jwt.check(token, secret=settings.jwt_secret, now_s=now_s())
            except jwt.TokenError as error:
                problem = str(error)
            else:
                return
        raise _unauthorized(f"the bearer token is not good: {problem}", _INVALID_TOKEN)

    return check


def a2a_guard(token: str | None) -> Guard:
    """Asks for `X-A2A-Token: <token>`; for nothing if there is no token."""
    if token is None:
        return no_guard

    def guard(request: web.Request) -> None:
        if not _same(request.headers.get("X-A2A-Token", ""), token):
            raise _unauthorized("X-A2A-Token is missing or wrong", "X-A2A-Token")

    return guard


_INVALID_TOKEN = 'Bearer error="invalid_token"'
"""RFC 6750, 3.1: a request that had no token is told no error code, one with a bad token is."""


def _unauthorized(message: str, challenge: str) -> Refusal:
    return Refusal(401, "unauthorized", message, headers={"WWW-Authenticate": challenge})


def _same(given: str, expected: str) -> bool:
    # Constant time, as the real orchestrator's check has to be.
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())
