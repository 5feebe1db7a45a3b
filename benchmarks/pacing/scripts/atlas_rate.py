"""A GET at a constant arrival rate."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {
    "scenarios": {
        "rate": {
            "executor": "constant-arrival-rate",
            "rate": int(env["RATE"]),
            "duration": f"{env['SECONDS']}s",
            "preAllocatedVUs": 100,
            "maxVUs": 500,
        }
    }
}


async def default(vu: VirtualUser) -> None:
    await vu.http.get(vu.env["URL"])
