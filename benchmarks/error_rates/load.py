"""What a real run offers: a list of runs, asked for at a steady rate."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

options: Options = {
    "scenarios": {
        "steady": {
            "executor": "constant-arrival-rate",
            "rate": int(env["PER_S"]),
            "duration": f"{env['SECONDS']}s",
            "preAllocatedVUs": 100,
        }
    }
}


async def default(vu: VirtualUser) -> None:
    await vu.http.get("/api/runs?page=0&size=20", name="list runs")
