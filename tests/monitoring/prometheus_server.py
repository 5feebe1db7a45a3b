"""Debian's Prometheus on loopback, in a folder of its own, that ends with its test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

REQUIRED = "ATLAS_PERF_TEST_ALL_SERVERS"
"""If set in the environment, a server that is not installed is a failure, not a skip."""

Labels = tuple[tuple[str, str], ...]

START_LIMIT_S = 40

CONFIGURATION = """
global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}
scrape_configs:
  - job_name: atlas-perf
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def program(name: str) -> str:
    """Where it is installed; else the test is skipped, or fails where all servers are required."""
    found = shutil.which(name)
    if found is None:
        (pytest.fail if os.environ.get(REQUIRED) else pytest.skip)(f"{name} is not installed")
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@dataclass(frozen=True)
class Prometheus:
    url: str
    scraped_port: int

    def get(self, path: str, **parameters: str) -> Any:
        with urlopen(f"{self.url}{path}?{urlencode(parameters)}", timeout=20) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str, at: float | None = None) -> dict[Labels, float]:
        """An instant vector, of what is newest or at another time: values by their labels."""
        moment = time.time() if at is None else at
        data = self.get("/api/v1/query", query=expression, time=repr(moment))
        return {
            tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in data["result"]
        }

    def number(self, expression: str, at: float | None = None) -> float:
        """The one value of an expression."""
        values = self.query(expression, at)
        assert len(values) == 1, f"{expression}: {values}"
        return next(iter(values.values()))


@contextlib.contextmanager
def running(*features: str, scrape_interval: str = "1s") -> Iterator[Prometheus]:
    """A Prometheus that takes remote write and scrapes a port, with these features."""
    with tempfile.TemporaryDirectory(prefix="prometheus-") as folder:
        port, scraped_port = free_port(), free_port()
        file = Path(folder) / "prometheus.yml"
        file.write_text(CONFIGURATION.format(interval=scrape_interval, port=scraped_port))
        command = [
            program("prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
            *(f"--enable-feature={feature}" for feature in features),
        ]
        with server_process(command, Path(folder)) as process:
            _await_ready(process, f"http://127.0.0.1:{port}/-/ready", Path(folder))
            yield Prometheus(f"http://127.0.0.1:{port}", scraped_port)


@contextlib.contextmanager
def server_process(
    command: Sequence[str], folder: Path, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that ends with its test; what it says is in `output.txt` in this folder."""
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "TERM", *command]  # should we be killed ourselves
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **variables},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def await_scraping(prometheus: Prometheus) -> None:
    """It scrapes up to ten seconds after it is ready: a short run would be over by then."""
    limit_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit_s:
        targets = prometheus.get("/api/v1/targets")["activeTargets"]
        if targets and not targets[0]["lastScrape"].startswith("0001"):
            return
        time.sleep(0.05)
    raise RuntimeError("Prometheus does not scrape")


def _await_ready(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    limit_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit_s and process.poll() is None:
        with contextlib.suppress(OSError), urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Prometheus does not start: {(folder / 'output.txt').read_text()[-2000:]}")
