"""The same iteration as k6_api.js."""

from __future__ import annotations

from atlas_perf import Counter, Rate, Trend, VirtualUser, env

created = Counter("created")
errors = Rate("errors")
latency = Trend("api_latency", is_time=True)

URL = f"{env['URL']}/api/runs"


async def default(vu: VirtualUser) -> None:
    response = await vu.http.post(
        URL,
        json={"prompt": "compare", "user": vu.id, "iteration": vu.iteration},
        name="create run",
        tags={"type": "api"},
    )
    right = vu.check(
        response,
        {
            "status is 200": lambda r: r.status == 200,
            "has an id": lambda r: "id" in r.json(),
            "is fast": lambda r: r.timings.duration_ms < 1000,
        },
    )
    created.add(1)
    errors.add(not right)
    latency.add(response.timings.duration_ms)
