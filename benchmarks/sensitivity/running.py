"""One case as the real command, and the target's own count of what its faults struck."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.sensitivity.case import Case
from benchmarks.sensitivity.outcome import Outcome, outcome_of

LIMIT_S = 120.0
"""A run that takes longer is stopped: the longest here is planned for a quarter of it."""

SEED = "1"
LOOK_EVERY_S = 0.25
ANSWER_LIMIT_S = 1.0
FOREIGN = ("BASE_URL", "WS_URL", "CONTRACT", "AUTH_TOKEN", "A2A_TOKEN")
"""Variables that would send the load elsewhere, or as somebody else."""


class CaseFailed(Exception):
    """The command gave no result; the message says what it did say."""


def run_case(case: Case) -> Outcome:
    """Run it, in a process and a folder of its own.

    Raises:
        CaseFailed: there is no summary of a finished run, or it takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="sensitivity-") as name:
        folder = Path(name)
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "atlas_perf", *case.command),
                    *("--seed", SEED, "--quiet", "--results-dir", str(folder / "results")),
                ],
                cwd=folder,
                env={name: value for name, value in os.environ.items() if name not in FOREIGN},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            try:
                struck = _watched(process, folder, case)
            finally:
                _stop(process)
        summary = _summary_in(folder)
        if summary is None or process.returncode not in (0, 1, 3, 4):
            words = (folder / "said").read_text(errors="replace").strip()
            raise CaseFailed(f"exit code {process.returncode}: {words[-2000:]}")
        return outcome_of(summary, struck)


def _watched(process: subprocess.Popen[bytes], folder: Path, case: Case) -> Mapping[str, int]:
    """Wait for the end. The target ends with the run, so its counts are those last seen."""
    struck: Mapping[str, int] = {}
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        try:
            process.wait(LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline_s:
                raise CaseFailed(f"it took more than {LIMIT_S:g} s") from None
            if case.faults:
                struck = _counted_by_target(folder) or struck
        else:
            return struck


def _counted_by_target(folder: Path) -> Mapping[str, int] | None:
    """None before there is a target, and while it does not answer, as some faults want it."""
    summary = _summary_in(folder)
    if summary is None:
        return None
    try:
        listed = _get(summary["facts"]["target"], "/_target/faults")
        return {one["fault"]: one["struck"] for one in listed["faults"]}
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _get(url: str, path: str) -> Any:
    """Not urllib: a proxy of the environment is not asked."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_LIMIT_S)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def _summary_in(folder: Path) -> Any | None:
    """The run's summary.json, which names the target from before the load on."""
    for file in folder.glob("results/*/summary.json"):
        return json.loads(file.read_text())
    return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
