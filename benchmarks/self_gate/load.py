"""As many requests of an API as a core can make, and then few: what they cost, and what they add.

The server takes no time, so the latency of the few is the generator's own.
"""

from __future__ import annotations

from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {
        "many": {"executor": "constant-vus", "vus": 64, "duration": "5s"},
        "few": {
            "executor": "constant-arrival-rate",
            "rate": 500,
            "startTime": "6s",
            "duration": "3s",
            "preAllocatedVUs": 20,
            "exec": "one",
        },
    }
}


async def default(vu: VirtualUser) -> None:
    for _ in range(50):
        await vu.http.get("/api/runs", name="list runs")
        response = await vu.http.post("/api/runs", json={"mode": "code"}, name="create run")
        vu.check(response, {"status is 200": lambda r: r.status == 200})


async def one(vu: VirtualUser) -> None:
    await vu.http.get("/api/runs", name="one")
