"""Faults that strike an answer on its way out: slow, cut off, or not HTTP at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar

from aiohttp import web

from atlas_perf.target.answers import json_answer
from atlas_perf.target.faults.amounts import Delay
from atlas_perf.target.faults.broken_answers import BrokenAnswer, head_of, raw, reset_after
from atlas_perf.target.faults.fault import Aim, Fault

DRIPS = 20
"""The most pieces that a slow body comes in."""


class AnswerFault(Fault):
    """Takes an answer that is ready, and gives the one that goes out."""

    needs_body: ClassVar[bool] = True

    def after(
        self, operation: str, answer: web.StreamResponse, now_ns: int
    ) -> web.StreamResponse | None:
        """None if the answer stays as it is."""
        # Streams and upgrades have begun by now, and another fault's answer is not whole.
        if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes | None):
            return None
        if self.needs_body and not answer.body:
            return None
        if not self.strikes(operation, now_ns):
            return None
        return self.turned(answer, answer.body or b"", operation)

    def turned(self, answer: web.Response, body: bytes, operation: str, /) -> web.StreamResponse:
        raise NotImplementedError


class SlowBody(AnswerFault):
    """The head at once, the body in pieces over a time."""

    def __init__(self, aim: Aim, delay: Delay) -> None:
        super().__init__(aim)
        self._delay = delay

    def turned(self, answer: web.Response, body: bytes, operation: str, /) -> web.StreamResponse:
        return DrippingAnswer(answer, body, self._delay(self.random_of(operation)))


class DrippingAnswer(web.StreamResponse):
    """Another answer's status, headers and body, the body spread over `over_s`."""

    def __init__(self, answer: web.Response, body: bytes, over_s: float) -> None:
        super().__init__(status=answer.status, reason=answer.reason, headers=answer.headers)
        self.content_length = len(body)
        self._content = body
        self._over_s = over_s

    async def write_eof(self, data: bytes = b"") -> None:
        pieces = _pieces(self._content)
        for piece in pieces:
            await asyncio.sleep(self._over_s / len(pieces))
            await self.write(piece)
        await super().write_eof(data)


def _pieces(body: bytes) -> list[bytes]:
    size = -(-len(body) // DRIPS)
    return [body[at : at + size] for at in range(0, len(body), size)]


class ResetMidBody(AnswerFault):
    """The head and half of the body, then RST."""

    def turned(self, answer: web.Response, body: bytes, _operation: str, /) -> web.StreamResponse:
        head = head_of(answer, len(body)) + b"\r\n"
        return BrokenAnswer(reset_after(head + body[: len(body) // 2]))


class Malformed(AnswerFault):
    """An answer that breaks one rule of HTTP, or whose body is not the JSON it says it is."""

    def __init__(self, aim: Aim, manner: str) -> None:
        super().__init__(aim)
        self._manner = MANNERS[manner]

    def turned(self, answer: web.Response, body: bytes, _operation: str, /) -> web.StreamResponse:
        return self._manner(answer, body)


def _bad_status_line(_answer: web.Response, body: bytes) -> web.StreamResponse:
    return BrokenAnswer(raw(b"HTTP/1.1 fine\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)))


def _bad_header(answer: web.Response, body: bytes) -> web.StreamResponse:
    head = head_of(answer, len(body)) + b"a header without its colon\r\n\r\n"
    return BrokenAnswer(raw(head + body))


def _wrong_length(answer: web.Response, body: bytes) -> web.StreamResponse:
    # More comes than was announced. The connection stays, so that the rest is in the next
    # answer's way.
    return BrokenAnswer(raw(head_of(answer, len(body) // 2) + b"\r\n" + body), kept=True)


def _truncated(answer: web.Response, body: bytes) -> web.StreamResponse:
    return BrokenAnswer(raw(head_of(answer, len(body)) + b"\r\n" + body[: len(body) // 2]))


def _bad_chunk(answer: web.Response, body: bytes) -> web.StreamResponse:
    head = head_of(answer, None) + b"Transfer-Encoding: chunked\r\n\r\n"
    half = len(body) // 2
    return BrokenAnswer(
        raw(b"%b%x\r\n%b\r\nnot-a-size\r\n%b\r\n0\r\n\r\n" % (head, half, body[:half], body[half:]))
    )


def _bad_json(answer: web.Response, body: bytes) -> web.StreamResponse:
    # An object or array that ends before its bracket is no JSON.
    return json_answer(body[: len(body) // 2] or b"{", answer.status)


MANNERS: Mapping[str, Callable[[web.Response, bytes], web.StreamResponse]] = {
    "status-line": _bad_status_line,
    "header": _bad_header,
    "length": _wrong_length,
    "truncated": _truncated,
    "chunk": _bad_chunk,
    "json": _bad_json,
}
