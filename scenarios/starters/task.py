"""task: users who submit work and wait until it has ended.

    atlas-perf run task.py -e BASE_URL=http://localhost:8088
    atlas-perf run task.py -u 50 --threshold 'task_duration=p(95)<3000'

A task is polled, so its end is seen late: by `task_polling_error` at most.
"""

from __future__ import annotations

from atlas_perf import Options, Polling, VirtualUser

options: Options = {
    "vus": 10,
    "duration": "30s",
    "thresholds": {
        "task_duration": ["p(95)<3000"],  # milliseconds, from submitting to its end
        "task_completed": ["rate>0.95"],
        "http_req_failed": ["rate<0.01"],
    },
}


async def default(vu: VirtualUser) -> None:
    task = await vu.task(
        vu.http.post("/api/runs", json=new_run(vu), name="submit"),
        via=Polling(lambda id: vu.http.get(f"/api/runs/{id}", name="status"), every="250ms"),
        timeout="1m",
        name="review",
    )
    vu.check(task, {"completed": lambda t: t.completed})
    await vu.sleep(vu.random.uniform(1, 3))


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
