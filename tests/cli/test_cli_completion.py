"""Completion knows commands, options, shipped scenarios and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def complete(words: str, index: int, cwd: Path) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-m", "atlas_perf"],
        env={
            **os.environ,
            "_ATLAS_PERF_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(index),
        },
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in finished.stdout.splitlines()]


def test_commands_options_scenarios_and_files_complete(tmp_path: Path) -> None:
    (tmp_path / "smoking.py").touch()
    (tmp_path / "smudge.txt").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "login.py").touch()

    assert complete("atlas-perf ru", 1, tmp_path) == ["run"]
    assert complete("atlas-perf run sm", 2, tmp_path) == ["smoke", "smoking.py"]
    assert complete("atlas-perf run more/", 2, tmp_path) == ["more/login.py"]
    assert complete("atlas-perf run m", 2, tmp_path) == ["more/"]
    assert complete("atlas-perf run --environment s", 3, tmp_path) == ["staging"]
    assert "--threshold" in complete("atlas-perf run --", 2, tmp_path)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(atlas_perf, shell: str) -> None:
    shown = atlas_perf("completion", shell)
    assert shown.exit_code == 0
    assert f"_ATLAS_PERF_COMPLETE={shell}_complete" in shown.stdout
    assert "atlas-perf" in shown.stdout


def test_another_shell_is_refused(atlas_perf) -> None:
    refused = atlas_perf("completion", "tcsh")
    assert refused.exit_code == 2
    assert "bash" in refused.stderr
