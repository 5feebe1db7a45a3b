"""Users that sleep; with URL given each asks once, keeps its connection, and sleeps."""

from __future__ import annotations

from atlas_perf import VirtualUser, env

URL = env.get("MEMORY_URL")
SPREAD_S = float(env["SPREAD_S"])
SLEEP_S = float(env["SLEEP_S"])


async def default(vu: VirtualUser) -> None:
    if vu.iteration == 0:  # not all connections in one burst, which no server takes
        await vu.sleep(vu.random.uniform(0, SPREAD_S))
    if URL is not None:
        await vu.http.get(URL)
    await vu.sleep(SLEEP_S)
