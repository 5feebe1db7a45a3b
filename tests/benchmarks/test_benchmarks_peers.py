"""The comparison: what tools say is read right, costs are counted, ratios are of one round."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from benchmarks.accounting import CommandFailed, Spent, run_command
from benchmarks.peers.comparison import Rounds, Run, Spread, plain, reference_of
from benchmarks.peers.subject import REFERENCES, Reading, Task, UnreadableReport
from benchmarks.peers.subjects import SUBJECTS, ab, autocannon, h2load, hey, k6, locust, wrk
from benchmarks.peers.table import table
from benchmarks.peers.tools import TOOLS

WRK = """Running 1s test @ http://127.0.0.1:18098/e
  Latency Distribution
     50%   78.00us
     75%  339.00us
     90%    2.34ms
     99%    1.20s
  8518 requests in 1.10s, 2.75MB read
  Socket errors: connect 0, read 3, write 0, timeout 4
  Non-2xx or 3xx responses: 20
Requests/sec:   7749.75
"""
H2LOAD = """finished in 1.00s, 25494.00 req/s, 4.11MB/s
requests: 25494 total, 25498 started, 25494 done, 25490 succeeded, 4 failed, 0 errored, 0 timeout
"""
HEY = """
  Requests/sec:\t14649.7622

Response time histogram:
  0.002 [149]\t|

Latency distribution:
  50%% in 0.0002 secs
  99%% in 0.0022 secs

Status code distribution:
  [200]\t14656 responses
  [500]\t30 responses

Error distribution:
  [12]\tGet "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused
"""
AB = """Complete requests:      35592
Failed requests:        7
Requests per second:    35457.16 [#/sec] (mean)
  50%      0
  99%      1
"""
AUTOCANNON = {
    "duration": 2.0,
    "errors": 1,
    "timeouts": 2,
    "non2xx": 3,
    "latency": {"p50": 0, "p99": 3},
    "requests": {"total": 100},
}
K6 = {
    "metrics": {
        "http_reqs": {"count": 100, "rate": 50.0},
        "http_req_failed": {"passes": 3, "fails": 97, "value": 0.03},
        "http_req_duration": {"med": 1.5, "p(99)": 9.5},
    }
}
LOCUST = [
    {
        "num_requests": 4,
        "num_failures": 1,
        "start_time": 10.0,
        "last_request_timestamp": 12.0,
        "response_times": {"30": 1, "2": 3},
    }
]


def spent(stdout: str = "", *, cpu_s: float = 1.0, peak_bytes: int = 1) -> Spent:
    return Spent(stdout, "", cpu_s, peak_bytes, 1.0)


def task(folder: Path) -> Task:
    return Task("tool", "http://h/", 64, 5, folder)


@pytest.mark.parametrize(
    ("tool", "text", "expected"),
    [
        (wrk, WRK, Reading(8518, 27, 7749.75, 0.078, 1200.0)),
        (h2load, H2LOAD, Reading(25490, 4, 25494.0, None, None)),
        (hey, HEY, Reading(14656, 42, 14649.7622, 0.2, 2.2)),
        (ab, AB, Reading(35592, 7, 35457.16, None, 1.0)),
        (autocannon, json.dumps(AUTOCANNON), Reading(100, 6, 50.0, None, 3)),
        (locust, json.dumps(LOCUST), Reading(4, 1, 2.0, 2.0, 30.0)),
    ],
)
def test_a_report_is_read(tool, text: str, expected: Reading, tmp_path: Path) -> None:
    assert tool.read(spent(text), task(tmp_path)) == expected


def test_the_summary_of_k6_is_read(tmp_path: Path) -> None:
    (tmp_path / "k6.json").write_text(json.dumps(K6))
    assert k6.read(spent(), task(tmp_path)) == Reading(100, 3, 50.0, 1.5, 9.5)


def test_a_report_without_its_figures_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport):
        wrk.read(spent("unable to connect"), task(tmp_path))


def test_every_subject_has_a_tool_a_name_of_its_own_and_a_reference(tmp_path: Path) -> None:
    names = [subject.name for subject in SUBJECTS]
    assert len(set(names)) == len(names)
    for subject in SUBJECTS:
        assert subject.tool in TOOLS
        assert REFERENCES[subject.workload] in names
        command = subject.command(task(tmp_path))
        assert command[0] == "tool"
        assert any("http://h" in word for word in command)


def run(
    requests: int, cpu_s: float, *, rate: float = 1.0, short: tuple[int, float] = (0, 0.0)
) -> Run:
    return Run(Reading(requests, 0, rate, None, None), spent(cpu_s=cpu_s), *short)


def test_steady_cost_leaves_out_what_a_run_costs_whatever_its_length() -> None:
    one = run(1_100_000, 6.0, short=(100_000, 1.0))
    assert one.steady_cpu_s_per_100k == pytest.approx(0.5)
    assert one.cpu_s_per_100k == pytest.approx(6.0 / 11)
    assert run(10, 1.0, short=(10, 1.0)).steady_cpu_s_per_100k is None


def test_ratios_are_within_a_round_and_rounds_without_both_are_left_out() -> None:
    by_name = {subject.name: subject for subject in SUBJECTS}
    reference = Rounds(by_name["wrk"], {0: run(1, 1, rate=10.0), 1: run(1, 1, rate=100.0)})
    ours = Rounds(
        by_name["atlas-run"],
        {0: run(1, 1, rate=5.0), 1: run(1, 1, rate=25.0), 2: run(1, 1, rate=9.0)},
        ["round 4: it made no request"],
    )
    assert ours.ratio("requests_per_s", reference) == Spread(0.375, 0.25, 0.5)
    assert ours.ratio("p50_ms", reference) is None
    assert reference_of(ours, [reference, ours]) is reference
    text = table([reference, ours], {"k6": "not installed"})
    assert "×0.38 [0.25–0.50]" in text
    assert "round 4: it made no request" in text
    assert "k6: not installed" in text
    (_, written) = plain([reference, ours])
    assert written["reference"] == "wrk"


BURN = """
import time
held = b"x" * 60_000_000
end = time.process_time() + 0.3
while time.process_time() < end:
    pass
"""
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\n"


def test_cpu_and_memory_of_descendants_are_counted(tmp_path: Path) -> None:
    done = run_command([sys.executable, "-c", PARENT], cpu=None, limit_s=30, folder=tmp_path)
    assert done.cpu_s >= 0.3
    assert done.peak_bytes > 60_000_000


def test_a_command_that_ends_badly_says_its_last_words(tmp_path: Path) -> None:
    program = "import sys; sys.exit('no such thing')"
    with pytest.raises(CommandFailed, match="exit code 1: no such thing"):
        run_command([sys.executable, "-c", program], cpu=None, limit_s=30, folder=tmp_path)
    with pytest.raises(CommandFailed, match="no-such-tool"):
        run_command(["no-such-tool"], cpu=None, limit_s=30, folder=tmp_path)


SLEEPER = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("child", "w").write(str(child.pid))
try:
    time.sleep(60)
finally:
    child.kill()
    child.wait()
"""
GENTLE = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit())\n" + SLEEPER


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    began_s = time.monotonic()
    with pytest.raises(CommandFailed, match="did not end within 1 s"):
        run_command([sys.executable, "-c", GENTLE], cpu=None, limit_s=1, folder=tmp_path)
    assert time.monotonic() - began_s < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "child").read_text()), 0)
