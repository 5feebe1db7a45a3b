"""Each user opens a session, says something now and then, and keeps it to the end."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {"defaultGates": False}

PORT = int(env["PORT"])
SPREAD_S = float(env.get("SPREAD_S", "10"))
PAUSE_S = float(env.get("PAUSE_S", "3"))


async def default(vu: VirtualUser) -> None:
    if vu.iteration == 0:
        await vu.sleep(vu.random.uniform(0, SPREAD_S))
    # Several addresses: one has some 28,000 ports for connections to one server.
    url = f"ws://127.0.0.{1 + vu.id % 4}:{PORT}/"
    socket = await vu.ws.session(url, name="idle")
    await socket.rtt({"id": vu.iteration}, correlate="id", limit="30s")
    await vu.sleep(PAUSE_S)
