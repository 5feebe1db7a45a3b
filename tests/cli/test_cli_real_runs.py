"""The command as its users start it: a process of its own, with signals, pipes and terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import pytest

SCENARIO = """
from pathlib import Path

options = {"vus": 4, "duration": "60s"}


async def default(vu):
    await vu.http.get("/actuator/health")
    Path(f"answered-{vu.id}").touch()
    await vu.sleep(PAUSE_S)
    await vu.http.get("/actuator/health")
"""

ESCAPE = re.compile(rb"\x1b")
COLOUR = re.compile(rb"\x1b\[[39]\d")


class Command:
    """`atlas-perf …` in a process group of its own, as a shell starts it."""

    def __init__(self, folder: Path, *arguments: str, **settings: Any) -> None:
        variables = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
        for name in ("CI", "NO_COLOR", "BASE_URL"):
            variables.pop(name, None)
        variables.update(settings.pop("variables", {}))
        self.folder = folder
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "atlas_perf", *arguments],
            cwd=folder,
            env=variables,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings},
        )

    def until(self, words: str) -> str:
        """Read stderr (or stdout of a target) up to the line that has these words."""
        stream = self.process.stderr or self.process.stdout
        for line in _lines(stream):
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} was never said: {self.said}")

    def until_under_load(self) -> None:
        """Until each of the four users has had its first answer."""
        self.until("mine: running")
        wait_until(lambda: len(list(self.folder.glob("answered-*"))) == 4)

    def press_ctrl_c(self) -> None:
        """What a terminal does: the whole group gets the signal, workers and target too."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self, within_s: float = 20) -> tuple[str, str]:
        stdout, stderr = self.process.communicate(timeout=within_s)
        return (stdout or b"").decode(), "".join(self.said) + (stderr or b"").decode()

    @property
    def summary(self) -> dict[str, Any]:
        (file,) = self.folder.glob("results/*/summary.json")
        return json.loads(file.read_text())

    @property
    def target_port(self) -> int:
        headline = next(line for line in self.said if ", target http" in line)
        return urlsplit(headline.split(", target ")[1].split(" ")[0]).port or 0


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    assert stream is not None
    for line in stream:
        yield line.decode()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    commands: list[Command] = []

    def begin(*arguments: str, pause_s: float = 0.05, **settings: Any) -> Command:
        (tmp_path / "mine.py").write_text(SCENARIO.replace("PAUSE_S", str(pause_s)))
        commands.append(Command(tmp_path, *arguments, **settings))
        return commands[-1]

    yield begin
    for command in commands:
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGKILL)
        command.process.communicate()


EMBEDDED = ("run", "mine.py", "--environment", "embedded", "-p", "2")


def test_ctrl_c_once_lets_iterations_finish_and_reports_in_full(start) -> None:
    run = start(*EMBEDDED, pause_s=0.3)
    run.until_under_load()
    run.press_ctrl_c()
    stdout, stderr = run.end()

    assert run.process.returncode == 130, stderr
    assert "http_reqs" in stdout
    assert "results: results/" in stderr
    assert "Traceback" not in stderr
    ledger = run.summary["ledger"]["mine"]
    assert ledger["completed"] == ledger["started"] > 0
    assert ledger["interrupted"] == 0
    assert run.summary["metrics"]["http_req_failed"]["values"]["rate"] == 0  # the target was there
    assert run.summary["exit_code"] == 130
    assert not listens(run.target_port)


def test_ctrl_c_twice_stops_at_once_and_still_reports(start) -> None:
    run = start(*EMBEDDED, pause_s=50)
    run.until_under_load()
    run.press_ctrl_c()
    run.until("mine: stopping")
    asked_s = time.monotonic()
    run.press_ctrl_c()
    stdout, stderr = run.end()

    assert time.monotonic() - asked_s < 10  # the pause of an iteration is 50 s
    assert run.process.returncode == 130, stderr
    assert "http_reqs" in stdout
    assert "Traceback" not in stderr
    ledger = run.summary["ledger"]["mine"]
    assert ledger["interrupted"] == ledger["started"] == 4
    assert not listens(run.target_port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_are_a_graceful_stop_too(start, number: signal.Signals) -> None:
    run = start(*EMBEDDED)
    run.until_under_load()
    run.process.send_signal(number)
    stdout, stderr = run.end()
    assert run.process.returncode == 130, stderr
    assert "http_reqs" in stdout


def test_ctrl_c_skips_later_scenarios(start) -> None:
    run = start("run", "mine.py", "smoke", "--environment", "embedded")
    run.until_under_load()
    run.press_ctrl_c()
    stdout, stderr = run.end()
    assert run.process.returncode == 130
    assert "interrupted: not run: smoke" in stderr
    assert stdout.splitlines()[-1].endswith("; not run: smoke)")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no procfs")
def test_a_target_that_is_killed_takes_the_verdict_with_it(start) -> None:
    run = start(*EMBEDDED, "-d", "2s")
    run.until_under_load()
    kin = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in kin}
    (target,) = (pid for pid, words in commands.items() if b"atlas_perf.target" in words)
    os.kill(target, signal.SIGKILL)
    stdout, stderr = run.end()
    assert run.process.returncode == 3, stderr
    assert run.summary["verdict"] == "INVALID"
    assert run.summary["reasons"][0].startswith("The embedded target ended during the run")
    assert "The embedded target ended" in stdout


def test_a_killed_command_leaves_no_target_behind(start) -> None:
    run = start(*EMBEDDED)
    run.until("mine: running")
    assert listens(run.target_port)
    run.process.kill()
    run.end()
    wait_until(lambda: not listens(run.target_port))


def test_in_pipes_there_is_no_cursor_movement_and_stdout_is_the_summary(start) -> None:
    run = start(*EMBEDDED, "-i", "8")
    stdout, stderr = run.end()
    assert run.process.returncode == 0, stderr
    assert not ESCAPE.search((stdout + stderr).encode())
    assert "mine: running" in stderr.splitlines()
    assert "running" not in stdout
    assert "PASS" in stdout
    assert run.summary["metrics"]["iterations"]["values"]["count"] == 8


def test_a_reader_that_is_gone_changes_nothing(start) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    run = start(*EMBEDDED, "-i", "8", stdout=writing)
    os.close(writing)
    _, stderr = run.end()
    assert run.process.returncode == 0, stderr
    assert run.summary["verdict"] == "PASS"
    assert "Broken" not in stderr


def test_help_for_a_reader_that_is_gone_is_quiet(start) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    shown = start("run", "--help", stdout=writing)
    os.close(writing)
    _, stderr = shown.end()
    assert (shown.process.returncode, stderr) == (141, "")


@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal_progress_is_redrawn_and_gone_at_the_end(start, no_color: bool) -> None:
    ours, theirs = pty.openpty()
    run = start(
        *(*EMBEDDED, "-i", "8"),
        stderr=theirs,
        variables={"NO_COLOR": "1"} if no_color else {},
    )
    os.close(theirs)
    drawn = b""
    while chunk := _read(ours):
        drawn += chunk
    os.close(ours)
    run.end()
    assert run.process.returncode == 0
    assert b"steady" in drawn  # the phase of the load
    assert b"\x1b[2K" in drawn  # a line is erased before it is drawn anew
    assert bool(COLOUR.search(drawn)) is not no_color
    assert drawn.decode().splitlines()[-1].endswith("-mine/report.html")  # where the results are


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says EIO when the last writer is gone
        return b""


def test_the_target_serves_until_ctrl_c(start) -> None:
    target = start("target", "--port", "0", stderr=None)
    url = target.until("listening on").split()[-1]
    port = urlsplit(url).port or 0
    assert listens(port)
    target.press_ctrl_c()
    target.end()
    assert target.process.returncode == 0
    assert not listens(port)
