"""JSON answers and refusals, so that every endpoint speaks in the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

JSON_HEADERS = {"Content-Type": "application/json"}


class Refusal(Exception):
    """A request that the orchestrator answers with an error; becomes the JSON error body.

    `field` is the path of the offending field from the root of the body (`metadata.userId`) or
    the name of the query parameter.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = headers or {}

    def plain(self) -> dict[str, object]:
        error: dict[str, object] = {"error": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return error

    def answer(self) -> web.Response:
        answer = json_answer(json.dumps(self.plain()).encode(), self.status)
        answer.headers.update(self.headers)
        return answer


def bad_request(message: str, field: str | None = None) -> Refusal:
    return Refusal(400, "bad_request", message, field)


def not_found(kind: str, key: str) -> Refusal:
    return Refusal(404, "not_found", f"there is no {kind} {key!r}")


def conflict(message: str) -> Refusal:
    return Refusal(409, "conflict", message)


def json_answer(body: bytes, status: int = 200) -> web.Response:
    """An answer whose body is JSON already."""
    return web.Response(body=body, status=status, headers=JSON_HEADERS)


def no_content() -> web.Response:
    return web.Response(status=204)
