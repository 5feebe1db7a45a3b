"""Collaboration of the `documented` contract: JSON messages over a WebSocket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from atlas_perf import Reply, VirtualUser, WebSocket

from orchestrator.collaboration import BACKOFF, ECHO_LIMIT, Sitting, draw_key
from orchestrator.documented import create_run, delete_run, health, run_id_in
from orchestrator.headers import bearer
from orchestrator.payloads import new_graft

__all__ = [
    "create_run",
    "delete_run",
    "health",
    "open_session",
    "operate",
    "run_id_in",
    "subscribe",
]

NAME = "/ws/runs/{id}/collaboration"
KEY = "payload.messageId"
"""A field of our own: the orchestrator sends payloads back as they are."""


async def open_session(vu: VirtualUser, run_id: str) -> WebSocket:
    return await vu.ws.session(
        f"/ws/runs/{run_id}/collaboration",
        name=NAME,
        headers={"X-User-Id": f"user-{vu.id}", **bearer(vu.env)},
        reconnect=BACKOFF,
    )


async def subscribe(vu: VirtualUser, sitting: Sitting) -> bool:
    _, right = await _say(vu, sitting, "SUBSCRIBE", {}, answer="SUBSCRIBED")
    return right


async def operate(vu: VirtualUser, sitting: Sitting, operation: str) -> tuple[Reply, bool]:
    return await _say(vu, sitting, operation, _details(vu, operation), answer=operation)


async def _say(
    vu: VirtualUser, sitting: Sitting, kind: str, details: dict[str, Any], *, answer: str
) -> tuple[Reply, bool]:
    message = {
        "type": kind,
        "payload": {
            "runId": sitting.run_id,
            "userId": sitting.user_id,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "messageId": draw_key(vu),
            **details,
        },
    }
    reply = await sitting.socket.rtt(
        message, correlate=KEY, limit=ECHO_LIMIT, tags={"operation": kind}
    )
    # An ERROR carries the payload as well, so that it answers, but not with what was sent.
    return reply, reply.ok and reply.json().get("type") == answer


def _details(vu: VirtualUser, operation: str) -> dict[str, Any]:
    step = f"step-{vu.random.randrange(10)}"
    match operation:
        case "GRAFT":
            return new_graft(vu.random)
        case "PRUNE":
            return {"stepId": step, "reason": "The step is not needed"}
        case "FLAG":
            return {"stepId": step, "note": "To be looked at again"}
        case "CURSOR_MOVE":
            return {"x": vu.random.randrange(1920), "y": vu.random.randrange(1080)}
        case _:
            return {"status": "active"}
