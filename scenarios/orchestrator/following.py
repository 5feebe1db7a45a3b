"""Work that is accepted at once and completed later: who accepted it, and how it goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from atlas_perf import Response, ServerSentEvent, VirtualUser

from orchestrator.call import Answer, Call, json_of

Ask = Callable[[VirtualUser, Call], Awaitable[Answer]]
"""Sends a call, and counts its answer as the scenario counts them."""


async def accepted(vu: VirtualUser, call: Call, ask: Ask) -> Response:
    """The answer to a submission. One without the id that it promises has accepted nothing,
    whatever its status."""
    answer = await ask(vu, call)
    answer.response.ok = answer.right
    return answer.response


def status_said(answer: Response | ServerSentEvent) -> str | None:
    """The status in the answer to a poll or in an event. None if there is none: that says nothing
    of the work, and of a poll it is counted as a wrong answer."""
    body = json_of(answer)
    return str(body["status"]) if isinstance(body, dict) and "status" in body else None
