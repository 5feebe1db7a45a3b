"""The readiness probe."""

from __future__ import annotations

from aiohttp import web

from atlas_perf.target.answers import json_answer


async def health(request: web.Request) -> web.Response:  # noqa: ARG001
    """`GET /actuator/health`"""
    return json_answer(b'{"status": "UP"}')
