"""The client's fuzzer: its short run, and that it sees what it is there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

RECORDS_TWICE = """
from atlas_perf.protocols.http.recording import RequestLog

record = RequestLog.record_response


def twice(self, *outcome, **measured):
    record(self, *outcome, **measured)
    record(self, *outcome, **measured)


RequestLog.record_response = twice
"""

ANOTHERS_RESPONSE_FIRST = """
from benchmarks.fuzz_client.lanes import Lane

send = Lane._send


def send_other(self, end, piece):
    if self.execution.number > 300 and not self.execution.delivered and not self._task.done():
        end.send(b"HTTP/1.1 299 Other\\r\\nContent-Length: 5\\r\\n\\r\\nother")
    send(self, end, piece)


Lane._send = send_other
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_5000_executions_are_clean() -> None:
    run = python("-m", "benchmarks.fuzz_client", "--plain", "--executions", "5000")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("5000 executions clean, seed 1")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_5000_executions_are_clean_under_sanitizers() -> None:
    run = python("-m", "benchmarks.fuzz_client", "--executions", "5000")
    if run.returncode == 2:
        pytest.skip(run.stderr)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("fault", "told"),
    [(RECORDS_TWICE, "seed 3: 2 samples"), (ANOTHERS_RESPONSE_FIRST, "299")],
    ids=["two samples", "another's response"],
)
def test_a_fault_is_told_with_the_bytes(fault: str, told: str) -> None:
    code = f"{fault}\nfrom benchmarks.fuzz_client.run import main\nraise SystemExit(main(5000, 3))"
    run = python("-c", code)
    assert run.returncode == 1
    assert told in run.stderr
    assert "pieces in hexadecimal: " in run.stderr
