"""atlas-perf: a scenario file under `run`, and `bench`; one worker process unless told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from atlas_perf.report.summary_json import summary_from_json
from benchmarks.accounting import Spent
from benchmarks.peers.subject import SCRIPTS, Reading, Subject, Task, UnreadableReport, Workload

_SUMMARY = "summary.json"


def run_of(script: str, *, processes: int = 1) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        return [
            *(task.executable, "-m", "atlas_perf", "run", str(SCRIPTS / script), "--quiet"),
            *("-u", str(task.connections), "-d", f"{task.seconds}s"),
            *("-p", str(processes), "-e", f"URL={task.url}", "--results-dir", str(task.folder)),
        ]

    return command


def bench(task: Task) -> list[str]:
    return [
        *(task.executable, "-m", "atlas_perf", "bench", task.url, "--insecure", "--quiet"),
        *("-c", str(task.connections), "-d", f"{task.seconds}s", "-p", "1"),
        *("--summary", str(task.folder / _SUMMARY)),
    ]


def read(_spent: Spent, task: Task) -> Reading:
    metrics = summary_from_json(_summary_file(task.folder).read_text()).metrics
    duration = metrics["http_req_duration"].values
    return Reading(
        requests=int(metrics["http_reqs"].values["count"]),
        failed=int(metrics["http_req_failed"].values["passes"]),
        requests_per_s=metrics["http_reqs"].values["rate"],
        p50_ms=duration["med"],
        p99_ms=duration["p(99)"],
    )


def _summary_file(folder: Path) -> Path:
    files = list(folder.rglob(_SUMMARY))
    if len(files) != 1:
        raise UnreadableReport(f"{len(files)} summaries of one run")
    return files[0]


SUBJECTS = (
    Subject("atlas-run", "atlas-perf", Workload.GET, run_of("atlas_get.py"), read),
    Subject("atlas-bench", "atlas-perf", Workload.GET, bench, read),
    Subject("atlas-api", "atlas-perf", Workload.API, run_of("atlas_api.py"), read),
    Subject("atlas-run-tls", "atlas-perf", Workload.TLS, run_of("atlas_get.py"), read),
    Subject("atlas-bench-tls", "atlas-perf", Workload.TLS, bench, read),
)
