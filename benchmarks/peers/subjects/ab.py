"""ab, Apache's benchmark: HTTP/1.0 with keep-alive, latencies in whole milliseconds."""

from __future__ import annotations

from benchmarks.accounting import Spent
from benchmarks.peers.subject import Reading, Subject, Task, Workload
from benchmarks.peers.subjects.report_text import figure

MOST_REQUESTS = 2_000_000  # ab reserves memory for each; `-t` alone would stop at 50,000


def command(task: Task) -> list[str]:
    load = ["-k", "-q", "-c", str(task.connections), "-t", str(task.seconds)]
    url = task.url if task.url.count("/") > 2 else f"{task.url}/"
    return [task.executable, *load, "-n", str(MOST_REQUESTS), url]


def read(spent: Spent, _task: Task) -> Reading:
    text = spent.stdout
    return Reading(
        requests=int(figure(r"Complete requests:\s+(\d+)", text)),
        failed=int(figure(r"Failed requests:\s+(\d+)", text)),
        requests_per_s=float(figure(r"Requests per second:\s+([\d.]+)", text)),
        # 0 is less than a millisecond: no figure to divide by or to be divided
        p50_ms=float(figure(r"^\s+50%\s+(\d+)", text)) or None,
        p99_ms=float(figure(r"^\s+99%\s+(\d+)", text)) or None,
    )


SUBJECTS = (Subject("ab", "ab", Workload.GET, command, read),)
