"""wrk: one thread, C, epoll. The floor."""

from __future__ import annotations

from benchmarks.accounting import Spent
from benchmarks.peers.subject import Reading, Subject, Task, Workload
from benchmarks.peers.subjects.report_text import figure, figure_or_none

_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def command(task: Task) -> list[str]:
    load = ["-t", "1", "-c", str(task.connections), "-d", f"{task.seconds}s", "--latency"]
    return [task.executable, *load, task.url]


def read(spent: Spent, _task: Task) -> Reading:
    text = spent.stdout
    broken = figure_or_none(r"Socket errors: (.*)$", text) or ""
    lost = sum(int(part.split()[1]) for part in broken.split(",") if part.strip())
    return Reading(
        requests=int(figure(r"(\d+) requests in ", text)),
        failed=int(figure_or_none(r"Non-2xx or 3xx responses: (\d+)", text) or 0) + lost,
        requests_per_s=float(figure(r"Requests/sec:\s+([\d.]+)", text)),
        p50_ms=_milliseconds(figure(r"^\s+50%\s+(\S+)", text)),
        p99_ms=_milliseconds(figure(r"^\s+99%\s+(\S+)", text)),
    )


def _milliseconds(text: str) -> float:
    number = text.rstrip("usm")
    return float(number) * _UNITS_MS[text[len(number) :]]


SUBJECTS = (
    Subject("wrk", "wrk", Workload.GET, command, read),
    Subject("wrk-tls", "wrk", Workload.TLS, command, read),
)
