"""A server of known capacity, one request at a time in 5 ms each, and a search that must find it.

Its work is scheduled, not slept through: 200 requests a second are its law on any machine.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from strict_schemas import validate

SERVER = """
import asyncio

ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"
SERVICE_S = 0.005


class Answering(asyncio.Protocol):
    free_at = 0.0  # of the one worker there is

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        loop = asyncio.get_running_loop()
        for _ in range(data.count(b"\\r\\n\\r\\n")):
            Answering.free_at = max(Answering.free_at, loop.time()) + SERVICE_S
            loop.call_at(Answering.free_at, self.answer)

    def answer(self):
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Answering, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(300)


asyncio.run(main())
"""

SCENARIO = """
async def default(vu):
    await vu.http.get("/q")
"""


@pytest.fixture
def queue_url() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def command(tmp_path: Path, url: str, *arguments: str) -> list[str]:
    (tmp_path / "queue.py").write_text(SCENARIO)
    # -P: as the installed program, for which queue.py here is nobody else's `queue`.
    start = [sys.executable, "-P", "-m", "atlas_perf", "find-capacity", "./queue.py", "-p", "1"]
    return [*start, "-e", f"BASE_URL={url}", "--results-dir", "results", *arguments]


def answer(tmp_path: Path) -> dict[str, Any]:
    (folder,) = (tmp_path / "results").iterdir()
    told: dict[str, Any] = json.loads((folder / "capacity.json").read_text())
    validate("capacity", told)
    return told


@pytest.mark.slow
def test_the_capacity_of_a_queue_lies_between_the_bounds(tmp_path: Path, queue_url: str) -> None:
    arguments = ("--slo", "p(95)<100", "--rate-from", "160", "--rate-to", "320")
    times = ("--hold", "4s", "--warm-up", "1s", "--rest", "1s")
    finished = subprocess.run(
        command(tmp_path, queue_url, *arguments, *times, "--precision", "0.6", "--repeats", "1"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    told = answer(tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert told["word"] == "found"
    assert told["bounds"]["met"] <= 200 <= told["bounds"]["broken"]
    overloaded = [step for step in told["steps"] if step["level"] > 220]
    assert len(overloaded) == 2  # the upper end, and the gap halved
    # Whatever was asked for, the queue gave what it has.
    assert all(step["achieved_per_s"] <= 215 for step in overloaded)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_known(tmp_path: Path, queue_url: str) -> None:
    """With users, not with a rate: those a busy machine cannot be late for."""
    arguments = ("--slo", "p(95)<1000", "--vus-from", "2", "--hold", "2s", "--warm-up", "1s")
    with subprocess.Popen(
        command(tmp_path, queue_url, *arguments),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "at most" in process.stderr.readline()
        assert process.stderr.readline().startswith("1. 2 VUs: met")
        os.kill(process.pid, signal.SIGINT)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    told = answer(tmp_path)
    assert told["word"] == "interrupted"
    assert told["bounds"]["met"] == 2
    assert "Interrupted after 1 step. The SLO holds up to 2 VUs" in stdout


def test_a_forgotten_await_ends_the_search_and_is_no_capacity(
    tmp_path: Path, queue_url: str
) -> None:
    start = command(tmp_path, queue_url, "--slo", "p(95)<300", "--rate-from", "2", "--rate-to", "8")
    (tmp_path / "queue.py").write_text(f'{SCENARIO}    vu.http.get("/q")\n')
    ended = subprocess.run(
        [*start, "--hold", "1s", "--warm-up", "1s"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "queue.py:4: the scenario forgot to await" in ended.stderr
    assert "Traceback" not in ended.stderr
    told = answer(tmp_path)
    assert (told["word"], told["bounds"]) == (None, {"met": None, "broken": None})
    assert "The search ended without an answer" in told["sentences"][0]
