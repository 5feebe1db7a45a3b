"""A finished `atlas-perf run`, as its user sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str
    results: Path | None

    @property
    def summary(self) -> dict[str, Any]:
        assert self.results is not None, self.stderr
        return json.loads((self.results / "summary.json").read_text())

    def metric(self, name: str) -> dict[str, float]:
        return self.summary["metrics"][name]["values"]


def run_scenario_in(
    folder: Path,
    source: str,
    *arguments: str,
    base_url: str = "",
    name: str = "scenario",
    timeout_s: float = 60,
) -> Finished:
    """Write a scenario file into a folder and run it there as the command would be typed."""
    file = folder / f"{name}.py"
    file.write_text(source)
    results_dir = folder / "results"
    before = set(results_dir.iterdir()) if results_dir.exists() else set()
    command = [sys.executable, "-m", "atlas_perf", "run", str(file)]
    command += ["--results-dir", str(results_dir), *arguments]
    if base_url:
        command += ["-e", f"BASE_URL={base_url}"]
    finished = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    new = set(results_dir.iterdir()) - before if results_dir.exists() else set()
    return Finished(
        finished.returncode,
        finished.stdout,
        finished.stderr,
        new.pop() if len(new) == 1 else None,
    )


def run_side_by_side(
    folder: Path, commands: Mapping[str, Sequence[str]], *, timeout_s: float = 300
) -> dict[str, Finished]:
    """Type `atlas-perf run` several times at once, each in a folder of its own: such runs wait
    nearly all of their time. Each may be of several scenarios; the results are those of one."""

    def finished(name: str) -> Finished:
        place = folder / name.replace(" ", "-")
        place.mkdir()
        ran = subprocess.run(
            [sys.executable, "-m", "atlas_perf", "run", *commands[name]],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=place,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
        results = sorted(place.glob("results/*"))
        return Finished(ran.returncode, ran.stdout, ran.stderr, results[0] if results else None)

    with ThreadPoolExecutor(len(commands)) as at_once:
        return dict(zip(commands, at_once.map(finished, commands), strict=True))
