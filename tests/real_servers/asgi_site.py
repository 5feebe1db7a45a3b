"""The site as an ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import python_site

Message = dict[str, Any]


async def application(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Answer one request."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    answer = python_site.answer(scope["method"], scope["path"], headers, body)
    query = scope["query_string"].decode()
    python_site.log(scope["client"][1], scope["method"], scope["path"], query, answer.status)
    fields = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    if answer.in_parts:
        for part in answer.parts():
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": answer.body})
