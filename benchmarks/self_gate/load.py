"""Two requests of an API, and a check, against a server that takes no time."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser

options: Options = {"vus": 64, "duration": "6s"}


async def default(vu: VirtualUser) -> None:
    for _ in range(50):
        await vu.http.get("/api/runs", name="list runs")
        response = await vu.http.post("/api/runs", json={"mode": "code"}, name="create run")
        vu.check(response, {"status is 200": lambda r: r.status == 200})
