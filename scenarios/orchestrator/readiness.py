"""What has to hold before any load is offered."""

from __future__ import annotations

from typing import Any, Protocol

from atlas_perf import Response, VirtualUser

from orchestrator.call import Call, send


class Beginning(Protocol):
    """What a contract has to offer before there can be load."""

    def health(self) -> Call: ...

    def create_run(self, vu: VirtualUser) -> Call: ...

    def run_id_in(self, body: Any) -> str: ...


class NotReady(Exception):
    """The orchestrator cannot be tested now; the message says why."""


async def require_ready(vu: VirtualUser, contract: Beginning) -> None:
    """Ask the readiness probe once.

    Raises:
        NotReady: unless it answers 200.
    """
    call = contract.health()
    answer = await send(vu, call)
    if not answer.right:
        raise NotReady(f"the orchestrator is not ready: {account_of(call, answer.response)}")


async def create_pool(vu: VirtualUser, contract: Beginning, size: int) -> list[str]:
    """Create runs for everybody to read.

    Returns:
        Their ids.

    Raises:
        NotReady: if one cannot be created.
    """
    pool = []
    for _ in range(size):
        call = contract.create_run(vu)
        answer = await send(vu, call)
        if not answer.right:
            raise NotReady(f"no run could be created: {account_of(call, answer.response)}")
        pool.append(contract.run_id_in(answer.body))
    return pool


def account_of(call: Call, response: Response) -> str:
    """What was asked and what came of it, in words, with what to do about a refused token."""
    asked = f"{call.method} {call.name}"
    if response.error:
        return f"{asked} got no answer: {response.error}"
    if response.status in (401, 403):
        return f"{asked} answered {response.status}: set AUTH_TOKEN to a valid token"
    if response.ok:
        return f"{asked} answered {response.status} without the body that its contract promises"
    return f"{asked} answered {response.status}, not {call.expected}"
