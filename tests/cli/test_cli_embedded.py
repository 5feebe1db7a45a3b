"""The embedded target: up with the run, gone with it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from atlas_perf.cli import child_server
from atlas_perf.cli.embedded import contract_of, embedded_target
from atlas_perf.errors import RunInvalidError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that is started, with its command put in the place of the target's."""
    processes: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen):  # type: ignore[type-arg]
        command: list[str] | None = None

        def __init__(self, command: list[str], **settings: object) -> None:
            super().__init__(self.command or command, **settings)
            processes.append(self)

    monkeypatch.setattr(child_server.subprocess, "Popen", Noted)
    return processes


def instead(code: str) -> None:
    child_server.subprocess.Popen.command = [sys.executable, "-c", code]


def test_it_answers_while_it_is_needed_and_is_reaped_afterwards(started) -> None:
    with embedded_target(seed=3) as target:
        with urllib.request.urlopen(f"{target.url}/actuator/health", timeout=5) as response:
            assert response.status == 200
        assert started[0].args[-2:] == ["--seed", "3"]
        assert started[0].poll() is None
        assert target.early_end() is None
    assert started[0].returncode == 0


def test_it_is_reaped_when_the_run_breaks_down(started) -> None:
    with pytest.raises(ZeroDivisionError), embedded_target(seed=None):
        _ = 1 / 0
    assert started[0].returncode is not None


def test_one_that_cannot_start_gives_its_last_words(started) -> None:
    instead("import sys; print('noise', file=sys.stderr); sys.exit('error: no ports left')")
    with pytest.raises(RunInvalidError, match="ended before it listened: error: no ports left"):
        embedded_target(seed=None).__enter__()
    assert started[0].returncode == 1


def test_one_that_never_listens_is_given_up(started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_server, "START_LIMIT_S", 0.2)
    instead("import sys; print('listening on', end='', flush=True); sys.stdin.read()")
    with pytest.raises(RunInvalidError, match=r"did not listen within 0\.2 s"):
        embedded_target(seed=None).__enter__()
    assert started[0].returncode is not None


def test_one_that_does_not_stop_is_killed(started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_server, "STOP_LIMIT_S", 0.2)
    instead(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('listening on http://127.0.0.1:1', flush=True);"
        "signal.pause()"
    )
    with embedded_target(seed=None) as target:
        assert target.url == "http://127.0.0.1:1"
    assert started[0].returncode == -9


def test_one_that_died_during_the_run_is_named(started) -> None:
    instead("print('listening on http://127.0.0.1:1', flush=True); raise SystemExit('out of luck')")
    with embedded_target(seed=None) as target:
        started[0].wait(5)
        assert target.early_end() == (
            "The embedded target ended during the run with exit code 1: out of luck."
        )


def test_it_misbehaves_as_ordered() -> None:
    with (
        embedded_target(None, faults=("error:503@runs.list", "error:500@tasks.queue")) as target,
        pytest.raises(urllib.error.HTTPError) as refused,
    ):
        urllib.request.urlopen(f"{target.url}/api/runs")
    refused.value.close()
    assert refused.value.code == 503


SCENARIO = """
options = {"vus": 1, "iterations": 4, "thresholds": {"http_req_failed": ["rate<0.01"]}}


async def default(vu):
    await vu.http.get("/api/runs")
"""


def test_a_run_with_faults_fails_and_says_so_wherever_it_is_kept(
    atlas_perf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(SCENARIO)
    ran = atlas_perf(
        *("run", "mine.py", "--environment", "embedded", "-p", "1"),
        *("--fault", "error:503@runs.list", "--fault", "latency:1ms"),
    )
    assert ran.exit_code == 1, ran.stderr
    assert "(embedded with faults)" in ran.stdout
    (file,) = Path("results").glob("*/summary.json")
    summary = json.loads(file.read_text())
    assert summary["facts"]["environment"] == "embedded with faults"
    assert summary["plan"]["env"]["TARGET_FAULTS"] == "error:503@runs.list latency:1ms"
    assert summary["metrics"]["http_req_failed"]["values"]["rate"] == 1

    ran = atlas_perf("run", "mine.py", "--environment", "embedded", "-p", "1")
    assert ran.exit_code == 0, ran.stderr
    assert "(embedded)" in ran.stdout


def test_it_serves_the_contract_that_the_variable_chooses(started) -> None:
    for variables, path, status in [
        ({}, "/api/a2a/agents", 404),
        ({"CONTRACT": "deployed"}, "/api/a2a/agents", 200),
        ({"CONTRACT": "no contract"}, "/api/a2a/agents", 404),
    ]:
        with embedded_target(None, contract_of(variables)) as target:
            try:
                with urllib.request.urlopen(f"{target.url}{path}", timeout=5) as response:
                    answered = response.status
            except urllib.error.HTTPError as error:
                answered = error.code
                error.close()
            assert answered == status
