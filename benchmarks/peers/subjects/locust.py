"""Locust with FastHttpUser: scenario code in Python on gevent."""

from __future__ import annotations

import json

from benchmarks.accounting import Spent
from benchmarks.peers.subject import SCRIPTS, Reading, Subject, Task, Workload


def command(task: Task) -> list[str]:
    return [
        *(task.executable, "-f", str(SCRIPTS / "locust_get.py"), "--headless", "--json"),
        *("-u", str(task.connections), "-r", "1000", "-t", f"{task.seconds}s"),
        *("--host", task.url, "--skip-log-setup", "--exit-code-on-error", "0"),
    ]


def read(spent: Spent, _task: Task) -> Reading:
    (entry,) = json.loads(spent.stdout)
    elapsed_s = entry["last_request_timestamp"] - entry["start_time"]
    times = sorted((float(ms), count) for ms, count in entry["response_times"].items())
    return Reading(
        requests=entry["num_requests"],
        failed=entry["num_failures"],
        requests_per_s=entry["num_requests"] / elapsed_s,
        p50_ms=_quantile(times, 0.50),
        p99_ms=_quantile(times, 0.99),
    )


def _quantile(times: list[tuple[float, int]], share: float) -> float | None:
    """Locust rounds times before it counts them."""
    rank = share * sum(count for _, count in times)
    seen = 0
    for ms, count in times:
        seen += count
        if seen >= rank:
            return ms
    return None


SUBJECTS = (Subject("locust-fast", "locust", Workload.GET, command, read),)
