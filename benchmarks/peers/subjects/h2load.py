"""h2load of nghttp2, speaking HTTP/1.1; it tells no percentiles."""

from __future__ import annotations

from benchmarks.accounting import Spent
from benchmarks.peers.subject import Reading, Subject, Task, Workload
from benchmarks.peers.subjects.report_text import figure


def command(task: Task) -> list[str]:
    load = ["-t", "1", "-c", str(task.connections), "-D", str(task.seconds)]
    return [task.executable, "--h1", *load, task.url]


def read(spent: Spent, _task: Task) -> Reading:
    text = spent.stdout
    return Reading(
        requests=int(figure(r"(\d+) succeeded", text)),
        failed=int(figure(r"(\d+) failed", text)),
        requests_per_s=float(figure(r"finished in .*?, ([\d.]+) req/s", text)),
        p50_ms=None,
        p99_ms=None,
    )


SUBJECTS = (Subject("h2load", "h2load", Workload.GET, command, read),)
