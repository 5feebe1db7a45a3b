"""The tools whose percentiles are compared: how each is run, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.report.summary_json import summary_from_json
from benchmarks.peers.subject import SCRIPTS as PEER_SCRIPTS
from benchmarks.peers.subject import Task

SCRIPTS = Path(__file__).parent / "scripts"
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)

Percentiles = Mapping[float, float]
"""From a percentile to milliseconds."""


@dataclass(frozen=True, slots=True)
class Tool:
    name: str  # in `benchmarks.peers.tools.TOOLS`
    command: Callable[[Task], list[str]]
    read: Callable[[Task, str], Percentiles]  # from its files and its standard output


def _atlas_command(task: Task) -> list[str]:
    return [
        *(task.executable, "-m", "atlas_perf", "run", str(SCRIPTS / "atlas_get.py"), "--quiet"),
        *("-u", str(task.connections), "-d", f"{task.seconds}s", "-p", "1"),
        *("-e", f"URL={task.url}", "--results-dir", str(task.folder)),
    ]


def _atlas_read(task: Task, _stdout: str) -> Percentiles:
    (file,) = task.folder.rglob("summary.json")
    return _trend(summary_from_json(file.read_text()).metrics["http_req_duration"].values)


def _k6_command(task: Task) -> list[str]:
    return [
        *(task.executable, "run", "--quiet", "--no-usage-report", "--no-color", "--address", ""),
        *("--vus", str(task.connections), "--duration", f"{task.seconds}s"),
        *("--summary-trend-stats", "p(50),p(90),p(95),p(99),p(99.9)"),
        *("--summary-export", str(task.folder / "k6.json"), "-e", f"URL={task.url}"),
        str(PEER_SCRIPTS / "k6_get.js"),
    ]


def _k6_read(task: Task, _stdout: str) -> Percentiles:
    return _trend(json.loads((task.folder / "k6.json").read_text())["metrics"]["http_req_duration"])


def _locust_command(task: Task) -> list[str]:
    return [
        *(task.executable, "-f", str(PEER_SCRIPTS / "locust_get.py"), "--headless", "--json"),
        *("-u", str(task.connections), "-r", "1000", "-t", f"{task.seconds}s"),
        *("--host", task.url, "--skip-log-setup", "--exit-code-on-error", "0"),
    ]


def _locust_read(_task: Task, stdout: str) -> Percentiles:
    (entry,) = json.loads(stdout)
    times = {float(ms): int(count) for ms, count in entry["response_times"].items()}
    return percentiles([ms for ms, count in times.items() for _ in range(count)])


def percentiles(values_ms: list[float]) -> Percentiles:
    """Of all values, interpolated linearly between neighbours as k6 does it."""
    ordered = sorted(values_ms)
    found = {}
    for percentile in PERCENTILES:
        rank = percentile / 100 * (len(ordered) - 1)
        low = ordered[int(rank)]
        high = ordered[min(int(rank) + 1, len(ordered) - 1)]
        found[percentile] = low + (high - low) * (rank - int(rank))
    return found


def _trend(values: Mapping[str, float]) -> Percentiles:
    return {percentile: values[f"p({percentile:g})"] for percentile in PERCENTILES}


TOOLS = (
    Tool("atlas-perf", _atlas_command, _atlas_read),
    Tool("k6", _k6_command, _k6_read),
    Tool("locust", _locust_command, _locust_read),
)
