"""A build under test: how it is written, started, waited for and ended."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from atlas_perf.cli.served_build import (
    ServedBuild,
    read_build,
    refuse_unstartable,
    served,
    speaking,
)
from atlas_perf.errors import RunInvalidError, UsageError

SERVER = """
import http.server, os, sys, time
class Answer(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Answer.asked += 1
        warm = self.path != "/health" or Answer.asked > 3
        self.send_response(200 if warm else 503)
        self.end_headers()
        self.wfile.write(f"{os.getpid()} {os.environ['PORT']} {sys.argv[1]}".encode())
    def log_message(self, *_): pass
print("beginning", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""

Serve = Callable[..., AbstractContextManager[ServedBuild]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    script = tmp_path / "server.py"
    script.write_text(SERVER)

    def start(command: str, **settings: object) -> AbstractContextManager[ServedBuild]:
        known = {"ready_path": "", "ready_within_s": 20.0, "interrupted": lambda: False}
        text = command.replace("PYTHON", sys.executable).replace("SCRIPT", str(script))
        return served(read_build(text), log=tmp_path / "log", **{**known, **settings})

    return start


def asked(url: str) -> list[str]:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode().split()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int) -> bool:
    deadline_s = time.monotonic() + 10
    while runs(pid) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return not runs(pid)


def test_a_url_is_left_alone(serve: Serve) -> None:
    with serve("http://127.0.0.1:9/") as build:
        assert build.url == "http://127.0.0.1:9"
        assert build.early_end() is None


def test_a_command_gets_its_port_in_two_ways_and_ends_with_the_run(serve: Serve) -> None:
    with serve("PYTHON SCRIPT {port}") as build:
        pid, variable, argument = asked(build.url)
        assert variable == argument == build.url.rpartition(":")[2]
        assert build.early_end() is None
    assert gone(int(pid))


def test_its_children_end_with_it(serve: Serve) -> None:
    with serve("sh -c 'PYTHON SCRIPT {port} & wait'") as build:
        pid = int(asked(build.url)[0])
    assert gone(pid)


def test_one_that_will_not_be_stopped_is_ended(serve: Serve, monkeypatch) -> None:
    monkeypatch.setattr("atlas_perf.cli.served_build.STOP_LIMIT_S", 0.1)
    with serve("""sh -c 'trap "" TERM; PYTHON SCRIPT {port}; sleep 60'""") as build:
        pid = int(asked(build.url)[0])
    assert gone(pid)


def test_a_path_must_answer_well_before_the_run(serve: Serve) -> None:
    with serve("PYTHON SCRIPT {port}", ready_path="/health") as build:
        asked(f"{build.url}/health")  # raises for a status of 503


def test_one_that_ends_says_so_with_its_last_words(serve: Serve) -> None:
    command = "sh -c 'echo one; echo two; echo boom >&2; exit 3'"
    with (
        pytest.raises(RunInvalidError, match="ended with code 3: one / two / boom"),
        serve(command),
    ):
        raise AssertionError("it never listened")


def test_one_that_does_not_listen_in_time_says_what_it_printed(serve: Serve) -> None:
    with (
        pytest.raises(RunInvalidError, match=r"did not listen .* within 0.2 s.*\(waiting\)"),
        serve("sh -c 'echo waiting; exec sleep 60'", ready_within_s=0.2),
    ):
        raise AssertionError("it never listened")


def test_an_end_during_the_run_is_noticed(serve: Serve) -> None:
    with serve("PYTHON SCRIPT {port}") as build:
        os.kill(int(asked(build.url)[0]), 9)
        deadline_s = time.monotonic() + 10
        while build.early_end() is None and time.monotonic() < deadline_s:
            time.sleep(0.01)
        assert build.early_end() == "The build was ended by SIGKILL: beginning."


def test_an_interruption_does_not_wait(serve: Serve) -> None:
    with pytest.raises(KeyboardInterrupt), serve("sleep 60", interrupted=lambda: True):
        raise AssertionError("it never listened")


def test_a_command_that_is_not_there(serve: Serve) -> None:
    with (
        pytest.raises(UsageError, match="'nonesuch-program' cannot be started: No such file"),
        serve("nonesuch-program {port}"),
    ):
        raise AssertionError("it was never started")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://", "is not a URL"),
        ("https://host:notaport", "is not a URL"),
        ("  ", "an empty text"),
        ("sh -c 'open", "is not a command: No closing quotation"),
        ("localhost:8001", "has no scheme: write http://localhost:8001"),
        ("ftp://host/", "is not a URL that load can be sent to"),
    ],
)
def test_what_is_no_build_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_build(text)


def test_a_program_that_is_not_there_is_known_beforehand() -> None:
    refuse_unstartable(read_build("sh -c 'exit 1'"))
    refuse_unstartable(read_build("http://host"))
    with pytest.raises(UsageError, match="cannot be started: there is no such program"):
        refuse_unstartable(read_build("./old --port {port}"))


def test_the_reference_target_speaks_what_the_scenarios_do() -> None:
    target = speaking(read_build("embedded"), "deployed", sockjs_framing=True)
    assert target.command[-3:] == ("--contract", "deployed", "--sockjs-framing")
    other = read_build("./serve {port}")
    assert speaking(other, "deployed", sockjs_framing=True) is other
