"""The command line in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

from atlas_perf.cli.main import execute


class Outcome(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def no_variables_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ATLAS_PERF_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def atlas_perf(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`atlas_perf("analyze", "k6.json")` is the command line of that."""

    def command(*arguments: str) -> Outcome:
        exit_code = execute(arguments)
        printed = capsys.readouterr()
        return Outcome(exit_code, printed.out, printed.err)

    return command
