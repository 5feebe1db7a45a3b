"""Both tools against one target, in turn, and their records read back."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas_perf.k6_results.reading import read_k6_run
from atlas_perf.k6_results.run import K6Run
from atlas_perf.report.run_files import RunFiles, read_run
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.cores import Cores

SCRIPTS = Path(__file__).parent / "scripts"
REPOSITORY = Path(__file__).parents[2]
GRACE_S = 60
_CROSSED = 99
_ENDPOINTS = ("http_req_duration{name:list runs}", "http_req_duration{name:health}")


@dataclass(frozen=True, slots=True)
class Load:
    """Iterations a second, of two requests each."""

    rate: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One run of each tool, one after the other."""

    k6: K6Run  # from its samples
    k6_says: dict[str, Any]  # k6's own summary: exact, of all its samples
    k6_file: Path
    reading_s: float  # of CPU, for `k6_file`
    ours: RunFiles
    ours_as_k6: K6Run  # our own samples, read as if they were k6's


@contextlib.contextmanager
def target(cores: Cores) -> Iterator[str]:
    """The reference orchestrator on a free port; its URL."""
    pinned = [] if cores.server is None else ["taskset", "-c", str(cores.server)]
    command = [sys.executable, "-m", "atlas_perf", "target", "--port", "0", "--seed", "1"]
    with subprocess.Popen(
        [*pinned, *command], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as server:
        assert server.stdout is not None
        try:
            line = server.stdout.readline().split()
            if not line:
                raise CommandFailed("the target did not start")
            yield line[-1]
        finally:
            server.send_signal(signal.SIGTERM)


def run_pair(
    k6: str, url: str, load: Load, folder: Path, cores: Cores, *, ours_first: bool
) -> Pair:
    """Both tools, the one that is asked for first.

    Raises:
        CommandFailed: one of them did not come to its end.
    """
    folder.mkdir()
    turns = [_run_k6, _run_ours]
    for turn in reversed(turns) if ours_first else turns:
        turn(k6, url, load, folder, cores)
    file = folder / "k6.json.gz"
    began_s = time.process_time()
    read = read_k6_run(file, asked=_ENDPOINTS)
    reading_s = time.process_time() - began_s
    as_k6 = read_k6_run(folder / "ours.json")
    (results,) = (folder / "results").iterdir()
    assert read is not None
    assert as_k6 is not None
    says = json.loads((folder / "k6-summary.json").read_text())["metrics"]
    return Pair(read, says, file, reading_s, read_run(results), as_k6)


def _run_k6(k6: str, url: str, load: Load, folder: Path, cores: Cores) -> None:
    run_command(
        [
            *(k6, "run", "--quiet", "--no-usage-report", "--no-color", "--address", ""),
            *("--summary-trend-stats", "avg,min,med,max,p(90),p(95),p(99),count"),
            *("--summary-export", "k6-summary.json", "--out", "json=k6.json.gz"),
            str(SCRIPTS / "k6_requests.js"),
        ],
        cpu=cores.load,
        limit_s=load.seconds + GRACE_S,
        folder=folder,
        variables=_variables(url, load),
        accepted_codes=(0, _CROSSED),
    )


def _run_ours(_k6: str, url: str, load: Load, folder: Path, cores: Cores) -> None:
    run_command(
        [
            *(sys.executable, "-m", "atlas_perf", "run", str(SCRIPTS / "atlas_requests.py")),
            *("--processes", "1", "--quiet", "--results-dir", "results", "--out", "json=ours.json"),
        ],
        cpu=cores.load,
        limit_s=load.seconds + GRACE_S,
        folder=folder,
        variables={**_variables(url, load), "PYTHONPATH": str(REPOSITORY)},
        accepted_codes=(0, 1, 3),  # a run that was late, or broke a threshold, is read all the same
    )


def _variables(url: str, load: Load) -> dict[str, str]:
    return {"URL": url, "RATE": str(load.rate), "SECONDS": str(load.seconds)}
