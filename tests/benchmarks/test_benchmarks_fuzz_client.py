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

TAKES_A_BAD_RECORD_FOR_A_CLOSE = """
from atlas_perf.protocols.http import tls_connection
from atlas_perf.protocols.http.failures import transport_failure

tls_connection.tls_failure = lambda _: transport_failure(None, "before the response")
"""

TELLS_SECRETS_TO_STRANGERS = """
from atlas_perf.protocols.http import redirects

redirects._same_owner = lambda old, new: True
"""

FOLLOWS_ONE_TOO_MANY = """
from dataclasses import replace

from atlas_perf.protocols.http import client

first_hop = client.first_hop


def with_one_more(*arguments):
    hop = first_hop(*arguments)
    return replace(hop, redirects_left=hop.redirects_left + 1)


client.first_hop = with_one_more
"""

FORGETS_A_REPEATED_REQUEST = """
from atlas_perf.protocols.http.recording import RequestLog

find = RequestLog.series


class Forgetful:
    def __init__(self, series):
        self.series = series
        self.count = 0

    def record(self, *numbers):
        self.count += 1
        if self.count % 7:
            self.series.record(*numbers)


RequestLog.series = lambda self, *key: Forgetful(find(self, *key))
"""


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_5000_executions_are_clean() -> None:
    run = python("-m", "benchmarks.fuzz_client", "--plain", "--executions", "5000")
    assert run.returncode == 0, run.stderr
    count, _, rest = run.stdout.partition(" executions clean, seed 1: ")
    assert int(count) >= 5000
    for kind in ("plain 4000", "TLS 2", "redirects 2", "repetition "):
        assert kind in rest


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_5000_executions_are_clean_under_sanitizers() -> None:
    run = python("-m", "benchmarks.fuzz_client", "--executions", "5000")
    if run.returncode == 2:
        pytest.skip(run.stderr)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        (RECORDS_TWICE, "plain", "seed 3: 2 samples"),
        (ANOTHERS_RESPONSE_FIRST, "plain", "299"),
        (RECORDS_TWICE, "redirects", "seed 3: samples of "),
        (TAKES_A_BAD_RECORD_FOR_A_CLOSE, "TLS", "instead of one of ('tls: '"),
        (TELLS_SECRETS_TO_STRANGERS, "redirects", "seed 3: a secret is told"),
        (FOLLOWS_ONE_TOO_MANY, "redirects", "seed 3: led further than it may be"),
        (FORGETS_A_REPEATED_REQUEST, "repetition", " requests, Ledger("),
    ],
    ids=[
        "two samples",
        "another's response",
        "two samples of a hop",
        "a bad record taken for a close",
        "a secret",
        "a redirect too many",
        "a sample less than requests",
    ],
)
def test_a_fault_is_told_with_the_bytes(fault: str, kind: str, told: str) -> None:
    percent = {} if kind == "plain" else {kind: 100}
    fuzz = (
        f"from benchmarks.fuzz_client.run import main\nraise SystemExit(main(3000, 3, {percent}))"
    )
    code = f"{fault}\n{fuzz}"
    run = python("-c", code)
    assert run.returncode == 1
    assert told in run.stderr
    assert "pieces in hexadecimal: " in run.stderr
