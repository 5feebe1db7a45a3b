"""autocannon: Node, one thread; latencies in whole milliseconds."""

from __future__ import annotations

import json

from benchmarks.accounting import Spent
from benchmarks.peers.subject import Reading, Subject, Task, Workload


def command(task: Task) -> list[str]:
    load = ["-c", str(task.connections), "-d", str(task.seconds)]
    return [task.executable, *load, "--json", task.url]


def read(spent: Spent, _task: Task) -> Reading:
    report = json.loads(spent.stdout)
    return Reading(
        requests=report["requests"]["total"],
        failed=report["non2xx"] + report["errors"] + report["timeouts"],
        requests_per_s=report["requests"]["total"] / report["duration"],
        p50_ms=report["latency"]["p50"] or None,  # 0 is less than a millisecond: no figure
        p99_ms=report["latency"]["p99"] or None,
    )


SUBJECTS = (Subject("autocannon", "autocannon", Workload.GET, command, read),)
