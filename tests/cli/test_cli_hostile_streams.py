"""Closed, full and narrow streams, and names that would steer a terminal: the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = """
options = {"vus": 1, "iterations": 1}


async def default(vu):
    print("✓ printed by the scenario")
    vu.check(1, {"is ✓ one": lambda value: value == 1})
"""

C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def command(folder: Path, line: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command line as a shell reads it, `atlas-perf` standing for this checkout's."""
    program = f"{sys.executable} -m atlas_perf"
    return subprocess.run(
        ["bash", "-c", line.replace("atlas-perf", program)],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        timeout=60,
        check=False,
    )


def verdict(folder: Path) -> str:
    (file,) = folder.glob("results/*/summary.json")
    return json.loads(file.read_text())["verdict"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ok.py").write_text(SCENARIO)
    return tmp_path


@pytest.mark.parametrize("redirection", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing(folder: Path, redirection: str) -> None:
    done = command(folder, f"atlas-perf run ok.py -p 1 {redirection}")
    assert done.returncode == 0, done.stderr
    assert verdict(folder) == "PASS"
    assert (b"PASS" in done.stdout) is (">&-" not in redirection.split())
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("redirection", ["> /dev/full", "2> /dev/full", "&> /dev/full"])
def test_a_full_stream_changes_nothing_once_the_results_are_written(
    folder: Path, redirection: str
) -> None:
    done = command(folder, f"atlas-perf run ok.py -p 1 {redirection}")
    assert done.returncode == 0, done.stderr
    assert verdict(folder) == "PASS"
    assert b"Traceback" not in done.stderr
    if redirection == "> /dev/full":
        assert b"warning: stdout cannot be written: No space left" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_help_without_room_is_a_sentence(folder: Path) -> None:
    done = command(folder, "atlas-perf run --help > /dev/full")
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 1
    assert b"No space left" in done.stderr


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, C_LOCALE])
def test_a_narrow_encoding_gets_the_nearest_characters(
    folder: Path, variables: dict[str, str]
) -> None:
    done = command(folder, "atlas-perf run ok.py -p 1", **variables)
    assert done.returncode == 0, done.stderr
    assert b"+ is \\u2713 one" in done.stdout or b"+ is + one" in done.stdout
    assert done.stdout.splitlines()[-1].strip().startswith(b"+ PASS")
    assert b"printed by the scenario" in done.stdout
    assert verdict(folder) == "PASS"


def test_a_path_beyond_the_locale_is_still_a_path(folder: Path) -> None:
    (folder / "ok.py").rename(folder / "grün.py")
    done = command(folder, "atlas-perf run gr*n.py -p 1", **C_LOCALE)
    assert done.returncode == 0, done.stderr
    assert verdict(folder) == "PASS"


def test_nothing_on_stderr_steers_the_terminal(folder: Path) -> None:
    (folder / "bad.py").write_text(
        'async def setup(vu):\n    raise RuntimeError("\\x1b[31mred\\x07\\nPASS")\n' + SCENARIO
    )
    setup = command(folder, "atlas-perf run bad.py -p 1")
    assert setup.returncode == 2
    missing = command(folder, "atlas-perf run $'x\\e[2J\\n.py'")
    assert missing.returncode == 2
    (folder / "ok.py").rename(folder / "ok\x1b[31m.py")
    named = command(folder, "atlas-perf run ok*.py -p 1")
    assert named.returncode == 0
    for said in (setup.stderr, missing.stderr, named.stderr, named.stdout):
        assert b"\x1b" not in said
        assert b"\x07" not in said
        assert b"\nPASS" not in said
    assert missing.stderr.count(b"\n") == 1


@pytest.mark.parametrize("number", ["SIGINT"])
def test_ctrl_c_while_the_command_is_loaded_is_told_in_one_line(folder: Path, number: str) -> None:
    (folder / "click.py").write_text(
        f"import os, signal\nos.kill(os.getpid(), signal.{number})\nraise RuntimeError\n"
    )
    done = command(folder, "atlas-perf run ok.py", PYTHONPATH=str(folder))
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr == b"atlas-perf: interrupted\n"
