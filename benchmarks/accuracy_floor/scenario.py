"""A few users at a quiet rate; their pauses vary, so that they do not queue behind each other."""

from __future__ import annotations

from atlas_perf import VirtualUser, env

URL = env["URL"]
PAUSE_S = float(env["PAUSE_S"])


async def default(vu: VirtualUser) -> None:
    await vu.sleep(vu.random.uniform(0.5, 1.5) * PAUSE_S)
    await vu.http.get(URL)
