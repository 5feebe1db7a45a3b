"""What every end-to-end test stands on: a counting server, and the command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from counting_server import CountingServer, Handler
from finished_run import Finished


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
