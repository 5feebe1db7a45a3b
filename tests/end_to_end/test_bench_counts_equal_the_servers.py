"""`atlas-perf bench` as it is typed: the server's own counters must equal ours, however it ends."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from counting_server import CountingServer, Handler, Reply, answer

from atlas_perf.model.summary import Summary
from atlas_perf.report.summary_json import summary_from_json

EVERY = 5
SHORT_OF_ITS_LENGTH = b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\n{}"

ODD_REPLIES: dict[str, tuple[Reply, bool]] = {
    "closes": (answer(200, headers="Connection: close\r\n"), False),
    "closes unannounced": ((answer(200), True), False),
    "500": (answer(500), True),
    "redirects": (answer(302, headers="Location: /else\r\n"), False),
    "sets a cookie": (answer(200, headers="Set-Cookie: a=1\r\n"), False),
    "truncates": ((SHORT_OF_ITS_LENGTH, True), True),
}


def sometimes(odd: Reply) -> Handler:
    turns = itertools.count(1)
    return lambda _method, _path: answer(200) if next(turns) % EVERY else odd


def bench(url: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "atlas_perf", "bench", url, "--quiet", *arguments]
    return subprocess.Popen(
        [*command, "--summary", "summary.json"],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def must_agree(summary: Summary, server: CountingServer, *, failed: int) -> None:
    requests = server.received.total()
    metrics = {name: metric.values for name, metric in summary.metrics.items()}
    assert metrics["http_reqs"]["count"] == requests
    assert metrics["http_req_failed"]["passes"] == failed
    assert metrics["http_req_duration"]["count"] == requests - failed
    assert metrics["iterations"]["count"] == requests
    assert metrics["iteration_duration"]["count"] == requests
    ledger = summary.ledger["bench"]
    assert (ledger.scheduled, ledger.started, ledger.completed) == (requests,) * 3


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("what", ODD_REPLIES)
def test_every_request_is_counted_once(serve, tmp_path: Path, what: str, processes: str) -> None:
    odd, fails = ODD_REPLIES[what]
    server: CountingServer = serve(sometimes(odd))
    command = bench(server.url, tmp_path, "-c", "6", "-d", "500ms", "-p", processes)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == (1 if fails else 0), said
    summary = summary_from_json((tmp_path / "summary.json").read_text())
    must_agree(summary, server, failed=server.received.total() // EVERY if fails else 0)
    assert len(summary.workers) == int(processes)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_ends_it_with_all_counted(serve, tmp_path: Path, processes: str) -> None:
    server: CountingServer = serve(lambda _method, _path: answer(200))
    command = bench(server.url, tmp_path, "-c", "6", "-d", "60s", "-p", processes)
    server.wait_for(500)
    os.killpg(command.pid, signal.SIGINT)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 130, said
    must_agree(summary_from_json((tmp_path / "summary.json").read_text()), server, failed=0)
