"""websocket: people who work on runs together, 18.5 minutes, up to 100 sessions.

    atlas-perf run websocket                          against the embedded reference orchestrator
    atlas-perf run websocket --environment staging    against $STAGING_WS_URL
    atlas-perf run websocket --duration-scale 0.05    the same curve of load in 56 seconds

A user opens a session with a run, keeps it for 30 to 90 seconds, does something every 2 to 5, and
waits for the echo of it. Each iteration is one operation, and the session outlives it: so it ends
well, at once, where its user is ramped down or the load ends. docs/scenarios.md says more.
"""

from __future__ import annotations

import time
from typing import TypedDict
from weakref import WeakKeyDictionary

from atlas_perf import (
    Counter,
    Gauge,
    Options,
    Rate,
    Trend,
    VirtualUser,
    WebSocketError,
    env,
)

from orchestrator.call import send
from orchestrator.collaboration import PRESENCE, PRESENCE_EVERY, Sitting, draw_operation
from orchestrator.contract import collaboration_named
from orchestrator.readiness import create_pool, require_ready

collaboration = collaboration_named(env.get("CONTRACT", "documented"))

ws_connection_time = Trend("ws_connection_time", is_time=True)
ws_message_latency = Trend("ws_message_latency", is_time=True)
ws_errors = Rate("ws_errors")
active_ws_connections = Gauge("active_ws_connections", across_workers="sum")
ws_messages_sent = Counter("ws_messages_sent")
ws_messages_received = Counter("ws_messages_received")
ws_reconnections = Counter("ws_reconnections")

options: Options = {
    "stages": [
        {"duration": "30s", "target": 10},
        {"duration": "1m", "target": 25},
        {"duration": "2m", "target": 50},
        {"duration": "5m", "target": 75},
        {"duration": "5m", "target": 75},
        {"duration": "2m", "target": 100},
        {"duration": "2m", "target": 50},
        {"duration": "1m", "target": 0},
    ],
    "thresholds": {
        "ws_connection_time": ["p(95)<1000"],
        "ws_message_latency": ["p(95)<100"],
        "ws_errors": ["rate<0.01"],
        "active_ws_connections": ["max>50 over steady"],
    },
}

SESSION_S = (30.0, 90.0)
BETWEEN_OPERATIONS_S = (2.0, 5.0)
BETWEEN_SESSIONS_S = 1.0
POOL_SIZE = 20

sittings: WeakKeyDictionary[VirtualUser, Sitting] = WeakKeyDictionary()


class Pool(TypedDict):
    run_ids: list[str]


async def setup(vu: VirtualUser) -> Pool:
    await require_ready(vu, collaboration)
    return {"run_ids": await create_pool(vu, collaboration, POOL_SIZE)}


async def default(vu: VirtualUser, data: Pool) -> None:
    sitting = await sit_down(vu, data)
    count_open_sessions()
    if sitting is None:
        await vu.sleep(BETWEEN_SESSIONS_S)
        return
    await work(vu, sitting)
    if time.monotonic() < sitting.ends_at_s:
        await vu.sleep(vu.random.uniform(*BETWEEN_OPERATIONS_S))
    else:
        await get_up(vu, sitting)
        await vu.sleep(BETWEEN_SESSIONS_S)


async def teardown(vu: VirtualUser, data: Pool) -> None:
    for run_id in data["run_ids"]:
        deletion = collaboration.delete_run(run_id)
        if deletion is not None:
            await send(vu, deletion)


async def sit_down(vu: VirtualUser, data: Pool) -> Sitting | None:
    """The session that the user is in, or a new one; None if there is none to be had."""
    sitting = sittings.get(vu)
    if sitting is not None and await is_still_there(sitting):
        return sitting if not sitting.was_reopened or await come_back(vu, sitting) else None
    run_id = vu.random.choice(data["run_ids"])
    try:
        socket = await collaboration.open_session(vu, run_id)
    except WebSocketError:
        ws_errors.add(True)
        return None
    if socket.timings is not None:
        ws_connection_time.add(socket.timings.total_ns / 1_000_000)
    lasts_s = vu.random.uniform(*SESSION_S)
    sitting = Sitting(socket, run_id, time.monotonic() + lasts_s, user_id=f"user-{vu.id}")
    sittings[vu] = sitting
    return sitting if await subscribe(vu, sitting) else None


async def is_still_there(sitting: Sitting) -> bool:
    """False if the session has ended. A loss that no attempt could mend is an error."""
    await sitting.socket.wait_reopened_or_not()
    if sitting.socket.is_open:
        return True
    if sitting.socket.close_error:
        ws_errors.add(True)
    return False


async def come_back(vu: VirtualUser, sitting: Sitting) -> bool:
    """A lost session is open again: an error for the loss, and everything to be said anew."""
    ws_reconnections.add(1)
    ws_errors.add(True)
    return await subscribe(vu, sitting)


async def subscribe(vu: VirtualUser, sitting: Sitting) -> bool:
    sitting.opening = sitting.socket.timings
    try:
        right = await collaboration.subscribe(vu, sitting)
    except WebSocketError:
        right = False
    ws_errors.add(not right)
    ws_messages_sent.add(1)
    ws_messages_received.add(int(right))
    if not right:
        await sitting.socket.close()
    return right


async def work(vu: VirtualUser, sitting: Sitting) -> None:
    """One operation, with every fifth a sign of presence; and what the others did is read."""
    sitting.operations += 1
    await say(vu, sitting, draw_operation(vu.random))
    if sitting.operations % PRESENCE_EVERY == 0:
        await say(vu, sitting, PRESENCE)
    while sitting.socket.unread:
        await sitting.socket.receive()
        ws_messages_received.add(1)


async def say(vu: VirtualUser, sitting: Sitting, operation: str) -> None:
    try:
        reply, right = await collaboration.operate(vu, sitting, operation)
    except WebSocketError:
        ws_errors.add(True)
        return
    ws_messages_sent.add(1)
    ws_messages_received.add(int(reply.ok))
    ws_errors.add(not right)
    if right:
        ws_message_latency.add(reply.duration_ms)


async def get_up(vu: VirtualUser, sitting: Sitting) -> None:
    del sittings[vu]
    await sitting.socket.close()
    count_open_sessions()


def count_open_sessions() -> None:
    """How many sessions of this process are open; the run adds up its processes."""
    active_ws_connections.add(sum(sitting.socket.is_open for sitting in sittings.values()))
