"""Collaboration of the `deployed` contract: STOMP 1.2 over the WebSocket transport of SockJS."""

from __future__ import annotations

from typing import Any

from atlas_perf import Reply, Stomp, StompError, VirtualUser, WebSocket, connect_stomp, env

from orchestrator.collaboration import BACKOFF, ECHO_LIMIT, Sitting, draw_key
from orchestrator.deployed import create_run, delete_run, health, run_id_in
from orchestrator.headers import bearer
from orchestrator.payloads import PROMPTS

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
KEYS = {"GRAFT": "messageId", "PRUNE": "messageId", "FLAG": "messageId", "CURSOR_MOVE": "nodeId"}
"""The field that comes back as it was sent, in `data`; of a cursor only `nodeId` does."""
ACTIONS = {"GRAFT": "graft", "PRUNE": "prune", "FLAG": "flag", "CURSOR_MOVE": "cursor"}

FRAMING = env.get("SOCKJS_FRAMING", "raw")
"""raw: STOMP as it is; sockjs: in SockJS' own framing, as Spring serves the path."""
if FRAMING not in {"raw", "sockjs"}:
    raise ValueError(f"SOCKJS_FRAMING={FRAMING} is no framing: choose raw or sockjs")


async def open_session(vu: VirtualUser, run_id: str) -> WebSocket:
    # Made up by the client, as those of SockJS do.
    server, session = f"{vu.random.randrange(1000):03d}", f"{vu.random.getrandbits(40):010x}"
    return await vu.ws.session(
        f"/ws/runs/{run_id}/collaboration/{server}/{session}/websocket",
        name=NAME,
        headers={"X-User-Id": f"user-{vu.id}", **bearer(vu.env)},
        reconnect=BACKOFF,
    )


async def subscribe(vu: VirtualUser, sitting: Sitting) -> bool:
    try:
        stomp = await connect_stomp(
            sitting.socket,
            headers={"X-User-Id": sitting.user_id, **bearer(vu.env)},
            framed=FRAMING == "sockjs",
        )
        await stomp.subscribe(f"/topic/runs/{sitting.run_id}/collaboration")
    except (StompError, TimeoutError):
        return False
    sitting.conversation = stomp
    return True


async def operate(vu: VirtualUser, sitting: Sitting, operation: str) -> tuple[Reply, bool]:
    stomp = sitting.conversation
    assert isinstance(stomp, Stomp), "it is subscribed"
    action = ACTIONS.get(operation, "ping")
    key = KEYS.get(operation)
    reply = await stomp.rtt(
        f"/app/runs/{sitting.run_id}/{action}",
        _body(vu, operation),
        correlate=key or "timestamp",
        answered_by=f"data.{key}" if key else "data.clientTimestamp",
        limit=ECHO_LIMIT,
        tags={"operation": operation},
    )
    if reply.message is None:
        return reply, False
    echoed = "PONG" if action == "ping" else operation
    return reply, stomp.answer(reply).json().get("eventType") == echoed


def _body(vu: VirtualUser, operation: str) -> dict[str, Any]:
    step = f"step-{vu.random.randrange(10)}"
    match operation:
        case "GRAFT":
            agent = vu.random.choice(list(PROMPTS))
            return {"after": step, "agentName": agent, "messageId": draw_key(vu)}
        case "PRUNE":
            return {"stepId": step, "messageId": draw_key(vu)}
        case "FLAG":
            return {"stepId": step, "note": "To be looked at again", "messageId": draw_key(vu)}
        case "CURSOR_MOVE":
            return {"nodeId": draw_key(vu)}
        case _:
            return {"timestamp": vu.random.getrandbits(48)}
