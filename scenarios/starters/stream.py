"""stream: users who wait for an answer that comes a token at a time, as server-sent events.

    atlas-perf run stream.py -e BASE_URL=http://localhost:8088
    atlas-perf run stream.py -u 50 --threshold 'llm_time_to_first_token=p(99)<1500'

Events are dated when they are read from the socket, whatever the scenario does meanwhile.
"""

from __future__ import annotations

from atlas_perf import Options, ServerSentEvent, VirtualUser

options: Options = {
    "vus": 5,
    "duration": "30s",
    "thresholds": {
        "llm_time_to_first_token": ["p(95)<1000"],  # milliseconds
        "llm_inter_token_latency": ["p(95)<500"],
        "sse_stalls": ["count<1"],
        "http_req_failed": ["rate<0.01"],
    },
}


async def default(vu: VirtualUser) -> None:
    run = await vu.http.post("/api/runs", json=new_run(vu))
    if not vu.check(run, {"run is created": lambda r: r.status == 201}):
        await vu.sleep(1)
        return
    async with vu.http.stream(
        "GET", f"/api/runs/{run.json()['id']}/stream", name="answer", tokens=tokens_of, timeout="1m"
    ) as stream:
        async for event in stream:
            if event.type == "done":
                break
    vu.check(stream, {"answer is whole": lambda s: s.ok and s.events > 0})
    await vu.sleep(vu.random.uniform(1, 3))


def tokens_of(event: ServerSentEvent) -> int:
    return int(event.type == "token")


def new_run(vu: VirtualUser) -> dict[str, object]:
    return {
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
