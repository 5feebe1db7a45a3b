"""Users that sleep; with MEMORY_URL given each asks, keeps its connection, and sleeps."""

from __future__ import annotations

from atlas_perf import VirtualUser, env

URL = env.get("MEMORY_URL")
SPREAD_S = float(env["SPREAD_S"])
SLEEP_S = float(env["SLEEP_S"])
DRAWS = "DRAWS" in env
STEPS = 1000


async def default(vu: VirtualUser) -> None:
    if vu.iteration == 0:  # not all connections in one burst, which no server takes
        share = vu.random.random() if DRAWS else vu.id % STEPS / STEPS
        await vu.sleep(share * SPREAD_S)
    if URL is not None:
        await vu.http.get(URL)
    await vu.sleep(SLEEP_S)
