"""hey: Go's net/http, one goroutine a connection."""

from __future__ import annotations

import re

from benchmarks.accounting import Spent
from benchmarks.peers.subject import Reading, Subject, Task, Workload
from benchmarks.peers.subjects.report_text import figure


def command(task: Task) -> list[str]:
    load = ["-c", str(task.connections), "-z", f"{task.seconds}s"]
    return [task.executable, *load, task.url]


def read(spent: Spent, _task: Task) -> Reading:
    text = spent.stdout
    statuses = {
        status: int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", text)
    }
    errors = sum(
        int(count) for count in re.findall(r"^\s+\[(\d+)\]\s+[A-Za-z]", text, re.MULTILINE)
    )
    good = sum(count for status, count in statuses.items() if status < "400")
    return Reading(
        requests=good,
        failed=sum(statuses.values()) - good + errors,
        requests_per_s=float(figure(r"Requests/sec:\s+([\d.]+)", text)),
        # told in tenths of a millisecond: 0 is no figure
        p50_ms=float(figure(r"50%+ in ([\d.]+) secs", text)) * 1000 or None,
        p99_ms=float(figure(r"99%+ in ([\d.]+) secs", text)) * 1000 or None,
    )


SUBJECTS = (Subject("hey", "hey", Workload.GET, command, read),)
