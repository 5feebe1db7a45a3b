"""The target as a process: its one line, its end, and no orphan."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from atlas_perf.target.server import base_url

LINE = re.compile(r"listening on (http://127\.0\.0\.1:(\d+))\n")
LIMIT_S = 20


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts `python -m atlas_perf.target` with these options; none is left when the test ends."""
    started = []

    def start(*options: str, **settings) -> subprocess.Popen:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [sys.executable, "-m", "atlas_perf.target", *options], text=True, **(pipes | settings)
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def url_of(process: subprocess.Popen) -> str:
    match = LINE.fullmatch(process.stdout.readline())
    assert match is not None
    return match[1]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_stops_when_told(start, signal_number) -> None:
    process = start("--port", "0", "--seed", "7")
    with urllib.request.urlopen(f"{url_of(process)}/actuator/health") as answer:
        assert answer.status == 200
    process.send_signal(signal_number)
    rest, complaints = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, rest, complaints) == (0, "", "")


def test_it_ends_when_the_parent_closes_its_pipe(start) -> None:
    process = start("--exit-with-parent")
    url_of(process)
    process.stdin.close()
    assert process.wait(LIMIT_S) == 0


def test_it_ends_when_the_parent_is_killed(start) -> None:
    # The parent here is a process between us and the target, killed without a chance to tidy up.
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys\n"
            "target = subprocess.Popen([sys.executable, '-m', 'atlas_perf.target',"
            " '--exit-with-parent'], stdin=subprocess.PIPE)\n"
            "target.wait()\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert LINE.fullmatch(parent.stdout.readline())
    parent.kill()
    parent.wait(LIMIT_S)
    # The target holds the write end of this pipe: its end is our end of file.
    assert parent.stdout.read() == ""
    parent.stdout.close()


def test_it_outlives_a_closed_stdin_unless_asked(start) -> None:
    process = start()
    url = url_of(process)
    process.stdin.close()
    for _ in range(3):
        with urllib.request.urlopen(f"{url}/actuator/health") as answer:
            assert answer.status == 200
    assert process.poll() is None


def test_exit_with_parent_refuses_a_stdin_that_nobody_holds(start) -> None:
    process = start("--exit-with-parent", stdin=subprocess.DEVNULL)
    said, complaints = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, said) == (2, "")
    assert "needs a pipe as standard input" in complaints
    assert complaints.count("\n") == 1


def test_a_taken_port_is_one_sentence(start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("--port", str(port))
        said, complaints = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, said) == (2, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in complaints
    assert complaints.count("\n") == 1


@pytest.mark.parametrize("scale", ["-1", "nan", "inf"])
def test_a_scale_that_is_none_is_refused(start, scale: str) -> None:
    process = start("--latency-scale", scale)
    _, complaints = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2
    assert "is not a scale" in complaints


def test_a_token_comes_from_the_environment(start) -> None:
    process = start(env={**os.environ, "TARGET_AUTH_TOKEN": "secret"})
    url = url_of(process)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/api/runs")
    refused.value.close()
    assert refused.value.code == 401
    request = urllib.request.Request(f"{url}/api/runs", headers={"Authorization": "Bearer secret"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("::", "http://[::1]:80"),
    ],
)
def test_the_announced_url_can_be_used(host: str, expected: str) -> None:
    assert base_url(host, 80) == expected


def test_another_contract_other_latencies_and_jwts_are_options(start, tmp_path) -> None:
    file = tmp_path / "latencies.toml"
    file.write_text("health = {shape = 'fixed', ms = 1}\n")
    process = start(
        *("--contract", "deployed", "--latencies", str(file), "--jwt"),
        env={**os.environ, "TARGET_JWT_SECRET": "s"},
    )
    url = url_of(process)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/api/a2a/agents")
    refused.value.close()
    assert refused.value.code == 401
    issue = urllib.request.Request(f"{url}/_target/token", method="POST")
    with urllib.request.urlopen(issue) as answer:
        token = json.load(answer)["accessToken"]
    asked = urllib.request.Request(
        f"{url}/api/a2a/agents", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert len(json.load(answer)) > 1


def test_latencies_that_cannot_be_used_are_one_sentence(start, tmp_path) -> None:
    process = start("--latencies", str(tmp_path / "none.toml"))
    said, complaints = process.communicate(timeout=LIMIT_S)
    assert (process.returncode, said) == (2, "")
    assert "cannot be read" in complaints
    assert complaints.count("\n") == 1


def test_the_usual_limit_of_open_files_is_no_limit(start) -> None:
    def lower() -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    process = start(preexec_fn=lower)
    url_of(process)
    soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard
