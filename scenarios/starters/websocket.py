"""websocket: users who keep a session open and wait for the echo of what they say.

    atlas-perf run websocket.py -e BASE_URL=http://localhost:8088
    atlas-perf run websocket.py -u 500 -d 5m

Each iteration is one message; the session outlives it, and is closed when its user ends. Messages
that nobody echoes in time are lost, not slow: `ws_msgs_lost`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from atlas_perf import Options, VirtualUser

options: Options = {
    "vus": 20,
    "duration": "30s",
    "thresholds": {
        "ws_connecting": ["p(95)<1000"],  # milliseconds, to the upgrade
        "ws_rtt": ["p(95)<100"],  # from a message to its own echo
        "ws_rtt_failed": ["rate<0.01"],
        "ws_session_failed": ["rate<0.01"],
        "ws_sessions_open": ["max>=20"],
    },
}

ROOM = "run-00000001"


async def default(vu: VirtualUser) -> None:
    socket = await vu.ws.session(
        f"/ws/runs/{ROOM}/collaboration",
        name="collaboration",
        headers={"X-User-Id": f"user-{vu.id}"},
        reconnect=True,  # a lost session comes back: `ws_reconnecting`
    )
    # Each time, since a session that was reopened hears nothing yet.
    await socket.rtt(message(vu, "SUBSCRIBE"), correlate="payload.id", tags={"operation": "join"})
    reply = await socket.rtt(message(vu, "CURSOR_MOVE"), correlate="payload.id", limit="5s")
    vu.check(reply, {"echoed": lambda r: r.ok})
    while socket.unread:  # what the others said
        await socket.receive()
    await vu.sleep(vu.random.uniform(1, 3))


def message(vu: VirtualUser, kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "payload": {
            "runId": ROOM,
            "userId": f"user-{vu.id}",
            "timestamp": datetime.now(UTC).isoformat(),
            "id": f"{vu.id}-{vu.iteration}-{kind}",  # its own, so that its echo is told
        },
    }
