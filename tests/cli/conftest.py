"""The command line in this process: what it prints, and the exit code."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from command_outcome import Outcome

from atlas_perf.cli.main import execute

TARGET_VARIABLES = (
    "BASE_URL",
    "WS_URL",
    "LOAD_TEST_URL",
    "STAGING_URL",
    "PRODUCTION_URL",
    "AUTH_TOKEN",
    "A2A_TOKEN",
    "CI",
    "NO_COLOR",
)


@pytest.fixture(autouse=True)
def no_variables_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [name for name in os.environ if name.startswith("ATLAS_PERF_")]
    for name in (*TARGET_VARIABLES, *own):
        monkeypatch.delenv(name, raising=False)
    assert "BASE_URL" not in os.environ


@pytest.fixture
def atlas_perf(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`atlas_perf("run", "api")` is the command line `atlas-perf run api`."""

    def command(*arguments: str) -> Outcome:
        exit_code = execute(arguments)
        printed = capsys.readouterr()
        return Outcome(exit_code, printed.out, printed.err)

    return command
