"""The same iteration as k6_requests.js."""

from __future__ import annotations

from atlas_perf import Options, VirtualUser, env

URL = env["URL"]

options: Options = {
    "scenarios": {
        "requests": {
            "executor": "constant-arrival-rate",
            "rate": int(env["RATE"]),
            "duration": f"{env['SECONDS']}s",
            "preAllocatedVUs": 50,
            "maxVUs": 200,
        }
    },
    "thresholds": {
        "http_req_duration": ["p(95)<500"],
        "http_req_duration{name:list runs}": ["p(95)<500"],
    },
}


async def default(vu: VirtualUser) -> None:
    headers = {"Authorization": "Bearer k6"}
    listed = await vu.http.get(f"{URL}/api/runs?page=0&size=20", headers=headers, name="list runs")
    vu.check(listed, {"status is 200": lambda r: r.status == 200})
    await vu.http.get(f"{URL}/actuator/health", name="health")
