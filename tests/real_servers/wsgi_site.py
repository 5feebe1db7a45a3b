"""The site as a WSGI application."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import python_site


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    body = environ["wsgi.input"].read()
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    answer = python_site.answer(method, path, headers, body)
    port, query = int(environ["REMOTE_PORT"]), environ["QUERY_STRING"]
    python_site.log(port, method, path, query, answer.status)
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    start_response(status, list(answer.headers.items()))
    return answer.parts() if answer.in_parts else [answer.body]
