"""arrivals: requests that come at their rate, whether or not the service keeps up.

    atlas-perf run arrivals.py -e BASE_URL=http://localhost:8088
    atlas-perf run arrivals.py --vus-scale 2 --warm-up 5s

An open model: a service that stalls is asked on, as by its real users. Latency counts from the
intended start of each iteration (`http_req_response_time`), so a stall is seen whole.
"""

from __future__ import annotations

from atlas_perf import Options, VirtualUser

options: Options = {
    "scenarios": {
        "reading": {
            "executor": "ramping-arrival-rate",
            "startRate": 10,  # iterations a second
            "stages": [
                {"duration": "10s", "target": 50},
                {"duration": "30s", "target": 50},
            ],
            "preAllocatedVUs": 20,
            "maxVUs": 200,  # who is needed beyond these is missing: `dropped_iterations`
            "exec": "read",
        },
        "writing": {
            "executor": "constant-arrival-rate",
            "rate": 5,
            "duration": "30s",
            "startTime": "10s",
            "spacing": "poisson",  # as independent people come
            "preAllocatedVUs": 10,
            "maxVUs": 50,
            "exec": "write",
        },
    },
    "thresholds": {
        "http_req_response_time": ["p(95)<500", "p(99)<1000"],
        "http_req_failed{scenario:writing}": ["rate<0.01"],
        "dropped_iterations": ["count<1"],
    },
}


async def read(vu: VirtualUser) -> None:
    response = await vu.http.get("/api/runs?page=0&size=20")
    vu.check(response, {"status is 200": lambda r: r.status == 200})


async def write(vu: VirtualUser) -> None:
    run = {
        "repoUrl": "https://git.example/team/service.git",
        "branch": "main",
        "agentType": "quality",
        "prompt": "Review the change",
        "metadata": {
            "userId": f"user-{vu.id}",
            "sessionId": f"session-{vu.id}-{vu.iteration}",
            "timestamp": "2026-01-01T00:00:00Z",
        },
    }
    response = await vu.http.post("/api/runs", json=run)
    vu.check(response, {"status is 201": lambda r: r.status == 201})
