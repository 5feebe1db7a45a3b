"""CPU per request of a scenario file beside wrk's, at 64 users against nginx on another core.

Rounds of wrk and of scenarios: a loop over `await vu.http.get(...)`, a single GET an iteration, a
loop with another URL in each request, and one with parameters. Scenario runs count every process
of `atlas-perf run -p 1`, user and system time. What a run costs whatever its length (interpreters,
imports, the report) is measured by a short run and taken off; `with start-up` leaves it in.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import Measurement

USERS = 64
ROUNDS = 3
SHORT_S = 1
LONG_S = 5

_LOOP = """
async def default(vu):
    for _ in range(1000):
        await vu.http.get("/api/x")
"""
_ITERATION = """
async def default(vu):
    await vu.http.get("/api/x")
"""
_CHANGING_URL = """
async def default(vu):
    first = vu.id * 1_000_000_000 + vu.iteration * 100
    for number in range(first, first + 100):
        await vu.http.get(f"/api/runs/{number}")
"""
_PARAMETERS = """
async def default(vu):
    for _ in range(100):
        await vu.http.get("/api/x", name="x", headers={"X-Part": "a"}, tags={"type": "api"})
"""
SCENARIOS = {
    "GET loop": _LOOP,
    "GET an iteration": _ITERATION,
    "GET of a new URL": _CHANGING_URL,
    "GET with name, header, tag": _PARAMETERS,
}

_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 3600s;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{{"status":"ok","n":12345}}'; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU time of a command and all it started, and the requests it made."""

    cpu_s: float
    requests: int


def measure() -> list[Measurement]:
    """Medians of the rounds; nothing where nginx or wrk is not installed."""
    missing = [name for name in ("nginx", "wrk") if not _command(name)]
    if missing:
        print(f"http_cost needs {' and '.join(missing)}: not measured", file=sys.stderr)
        return []
    wrk_us: list[float] = []
    steady_us: dict[str, list[float]] = {name: [] for name in SCENARIOS}
    whole_us: dict[str, list[float]] = {name: [] for name in SCENARIOS}
    with tempfile.TemporaryDirectory() as name, _nginx(Path(name)) as url:
        for _ in range(ROUNDS):
            wrk = _wrk(url)
            wrk_us.append(1e6 * wrk.cpu_s / wrk.requests)
            for scenario, text in SCENARIOS.items():
                short, long = (_scenario(Path(name), text, url, s) for s in (SHORT_S, LONG_S))
                more = long.requests - short.requests
                steady_us[scenario].append(1e6 * (long.cpu_s - short.cpu_s) / more)
                whole_us[scenario].append(1e6 * long.cpu_s / long.requests)
    return [
        Measurement("wrk", statistics.median(wrk_us), "µs", "CPU per request"),
        *(_compared(name, steady_us[name], wrk_us) for name in SCENARIOS),
        *(
            _compared(f"{name}, with start-up of {LONG_S} s", whole_us[name], wrk_us)
            for name in SCENARIOS
        ),
    ]


def _compared(name: str, ours_us: list[float], wrk_us: list[float]) -> Measurement:
    ratios = [ours / wrk for ours, wrk in zip(ours_us, wrk_us, strict=True)]
    of_wrk = (
        f"{statistics.median(ratios):.2f} × wrk, rounds {', '.join(f'{r:.2f}' for r in ratios)}"
    )
    return Measurement(name, statistics.median(ours_us), "µs", of_wrk)


def _wrk(url: str) -> Spent:
    command = [_command("wrk"), "-t1", f"-c{USERS}", f"-d{LONG_S}", f"{url}/api/x"]
    cpu_s, output = _run(command)
    found = re.search(r"(\d+) requests in", output)
    assert found is not None, output
    return Spent(cpu_s, int(found[1]))


def _scenario(folder: Path, text: str, url: str, seconds: int) -> Spent:
    file = folder / "get.py"
    file.write_text(text)
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    cpu_s, output = _run(
        [
            *(sys.executable, "-m", "atlas_perf", "run", str(file), "-p", "1", "-u", str(USERS)),
            *("-d", f"{seconds}s", "-e", f"BASE_URL={url}", "--results-dir", str(results)),
            "--quiet",
        ]
    )
    (summary,) = results.glob("*/summary.json")
    metrics = json.loads(summary.read_text())["metrics"]
    assert metrics["http_req_failed"]["values"]["rate"] == 0, output
    return Spent(cpu_s, int(metrics["http_reqs"]["values"]["count"]))


def _run(command: list[str]) -> tuple[float, str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(
        _pinned(command, 0),
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, finished.stdout


@contextmanager
def _nginx(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port))
    command = _pinned([_command("nginx"), "-e", str(folder / "error.log"), "-c", str(config)], -1)
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _await_listener(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _await_listener(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx does not listen")


def _pinned(command: list[str], core: int) -> list[str]:
    """On one core of its own, where the machine has several and can be told so."""
    taskset = _command("taskset")
    if not taskset or not hasattr(os, "sched_getaffinity"):
        return command
    cores = sorted(os.sched_getaffinity(0))
    return [taskset, "-c", str(cores[core]), *command]


def _command(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or ""
