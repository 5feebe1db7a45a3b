"""What every end-to-end test stands on: a counting server, and the command as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from counting_server import CountingServer, Handler


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], CountingServer]]:
    """Start counting servers that end with the test."""
    servers: list[CountingServer] = []

    def start(handler: Handler) -> CountingServer:
        servers.append(CountingServer(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@dataclass(frozen=True)
class Finished:
    """A finished `atlas-perf run`: what the user sees."""

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


@pytest.fixture
def run_scenario(tmp_path: Path) -> Callable[..., Finished]:
    """Write a scenario file and run it as the command would be typed."""

    def run(
        source: str,
        *arguments: str,
        base_url: str = "",
        name: str = "scenario",
        timeout_s: float = 60,
    ) -> Finished:
        file = tmp_path / f"{name}.py"
        file.write_text(source)
        results_dir = tmp_path / "results"
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
            cwd=tmp_path,
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

    return run
