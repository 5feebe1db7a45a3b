"""The command line in this process, in a folder of its own and outside of any pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from atlas_perf.cli.main import execute


class Outcome(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def atlas_perf(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Outcome]:
    """`atlas_perf("trend")` is the command line `atlas-perf trend`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("CI_COMMIT_SHA", "GITHUB_SHA", "NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> Outcome:
        exit_code = execute(arguments)
        printed = capsys.readouterr()
        return Outcome(exit_code, printed.out, printed.err)

    return command
