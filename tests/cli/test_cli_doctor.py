"""`atlas-perf doctor`: a line for each thing, and what a plan asks for beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atlas_perf.cli import doctor
from atlas_perf.preflight.finding import Finding, Level

SUBJECTS = ["Python", "clock", "other load", "open files", "local ports", "cores", "memory"]

SCENARIO = """
from atlas_perf import env

options = {"vus": VUS, "duration": "1s"}
env["TOKEN"]


async def default(vu):
    await vu.http.get("/")
"""


def subjects(lines: list[str]) -> list[str]:
    return [line[2:13].strip() for line in lines]


@pytest.fixture(autouse=True)
def quiet_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "other_load", lambda: Finding(Level.GOOD, "other load", "none"))


def test_the_machine_alone(atlas_perf) -> None:
    found = atlas_perf("doctor")
    lines = found.stdout.splitlines()
    assert subjects(lines) == SUBJECTS
    assert {line[0] for line in lines} <= {"✓", "!"}
    assert found.exit_code == 0


def test_a_plan_is_judged_with_its_environment_and_variables(atlas_perf, tmp_path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO.replace("VUS", "3"))
    found = atlas_perf(
        *("doctor", "shop.py", "-e", "TOKEN=abc", "-e", "BASE_URL=http://127.0.0.1:9", "-p", "2")
    )
    assert found.exit_code == 0, found.stderr
    lines = found.stdout.splitlines()
    assert subjects(lines[:3]) == SUBJECTS[:3]
    assert lines[3:5] == ["", "shop: 3 users in 2 worker processes"]
    assert subjects(lines[5:]) == [*SUBJECTS[3:], "DNS"]
    assert "34 (2 users with a connection each" in lines[5]


def test_a_shipped_scenario_starts_no_target_to_be_judged(atlas_perf) -> None:
    found = atlas_perf("doctor", "smoke", "api")
    assert "\nsmoke: " in found.stdout
    assert "\napi: " in found.stdout
    assert "127.0.0.1 is an address" in found.stdout


def test_a_plan_that_cannot_work_ends_with_two(atlas_perf, tmp_path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO.replace("VUS", "3"))
    arguments = ("doctor", "shop.py", "-e", "TOKEN=abc", "-e", "BASE_URL=http://127.0.0.1:9")
    wrong = atlas_perf(*arguments, "-u", "900000", "-d", "1s", "-p", "1")
    assert wrong.exit_code == 2
    assert any(
        line.startswith("✗ local ports") and "900,000 users need one each" in line
        for line in wrong.stdout.splitlines()
    )


def test_a_file_that_cannot_be_used_is_said_as_run_says_it(atlas_perf, tmp_path) -> None:
    (tmp_path / "shop.py").write_text(SCENARIO.replace("VUS", "0"))
    refused = atlas_perf("doctor", "shop.py", "-e", "TOKEN=abc")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "shop.py:4" in refused.stderr


def test_a_missing_compiled_part_is_a_line(atlas_perf, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "COMPILED_PARTS", ("atlas_perf.sketch.gone",))
    found = atlas_perf("doctor")
    assert found.exit_code == 2
    assert found.stdout.startswith("✗ Python")
    assert "atlas_perf.sketch.gone" in found.stdout


def test_a_raised_limit_is_told() -> None:
    command = [sys.executable, "-m", "atlas_perf", "doctor"]
    found = subprocess.run(
        ["sh", "-c", 'ulimit -Sn 100; exec "$@"', "sh", *command],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(raised from 100; hard limit " in found.stdout
