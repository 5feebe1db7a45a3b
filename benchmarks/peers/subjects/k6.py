"""k6: scenario code in JavaScript on Go."""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.accounting import Spent
from benchmarks.peers.subject import SCRIPTS, Reading, Subject, Task, Workload

_SUMMARY = "k6.json"


def command_of(script: str) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        return [
            *(task.executable, "run", "--quiet", "--no-usage-report", "--no-color"),
            *("--vus", str(task.connections), "--duration", f"{task.seconds}s"),
            *("--summary-trend-stats", "med,p(99)"),
            *("--summary-export", str(task.folder / _SUMMARY)),
            *("--insecure-skip-tls-verify", "-e", f"URL={task.url}"),
            *("--address", "", str(SCRIPTS / script)),  # no control server on a port of its own
        ]

    return command


def read(_spent: Spent, task: Task) -> Reading:
    metrics = json.loads((task.folder / _SUMMARY).read_text())["metrics"]
    return Reading(
        requests=metrics["http_reqs"]["count"],
        failed=metrics["http_req_failed"]["passes"],
        requests_per_s=metrics["http_reqs"]["rate"],
        p50_ms=metrics["http_req_duration"]["med"],
        p99_ms=metrics["http_req_duration"]["p(99)"],
    )


SUBJECTS = (
    Subject("k6", "k6", Workload.GET, command_of("k6_get.js"), read),
    Subject("k6-api", "k6", Workload.API, command_of("k6_api.js"), read),
    Subject("k6-tls", "k6", Workload.TLS, command_of("k6_get.js"), read),
)
