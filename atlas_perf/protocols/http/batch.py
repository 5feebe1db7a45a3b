"""Several requests at once, in the shapes of k6's `http.batch`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from atlas_perf.protocols.http.response import Response

BatchRequest = str | Sequence[Any] | Mapping[str, Any] | Awaitable[Response]
"""A URL to get; (method, url), (method, url, body) or (method, url, body, options); a dict of
these, the options among them; or a request such as `vu.http.get(...)`."""

Send = Callable[..., Awaitable[Response]]
Key = TypeVar("Key")

_FIELDS = ("method", "url", "body", "params")


@overload
async def run_batch(
    send: Send, requests: Mapping[Key, BatchRequest], limit: int
) -> dict[Key, Response]: ...
@overload
async def run_batch(send: Send, requests: Sequence[BatchRequest], limit: int) -> list[Response]: ...
async def run_batch(
    send: Send, requests: Mapping[Any, BatchRequest] | Sequence[BatchRequest], limit: int
) -> dict[Any, Response] | list[Response]:
    """Responses in the order of the requests, or under their keys; at most `limit` at once.

    Raises:
        ValueError, TypeError: for a request that cannot be meant. It, or whatever else a request
            raises, cancels the others.
    """
    if isinstance(requests, str) or not isinstance(requests, (Mapping, Sequence)):
        raise TypeError("batch takes a list of requests, or a dict of them by name")
    given = list(requests.values() if isinstance(requests, Mapping) else requests)
    slots = asyncio.Semaphore(limit)

    async def one(request: Awaitable[Response]) -> Response:
        async with slots:
            return await request

    try:
        sent = [_request(send, each) for each in given]
    except BaseException:
        _close(given)
        raise
    tasks = [asyncio.ensure_future(one(each)) for each in sent]
    try:
        responses = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        _close(sent)
        raise
    if isinstance(requests, Mapping):
        return dict(zip(requests, responses, strict=True))
    return responses


def _request(send: Send, given: BatchRequest) -> Awaitable[Response]:
    match given:
        case str():
            return send("GET", given)
        case Mapping():
            unknown = set(given) - set(_FIELDS)
            if "url" not in given or unknown:
                raise TypeError(f"a request of a batch is a dict of {', '.join(_FIELDS)}")
            method, body, options = (given.get(name) for name in ("method", "body", "params"))
            return send(method or "GET", given["url"], body, **(options or {}))
        case [str(), _] | [str(), _, _] | [str(), _, _, _]:
            method, url, body, options = [*given, None, None][:4]
            return send(method, url, body, **(options or {}))
        case Awaitable():
            return given
    raise TypeError(
        "a request of a batch is a URL, (method, url, body, params), a dict of these, "
        "or what vu.http.get(...) returns"
    )


def _close(requests: Sequence[object]) -> None:
    """Of those that were never begun, nothing shall warn that they were not awaited."""
    for request in requests:
        close = getattr(request, "close", None)
        if close is not None:
            close()
