"""Every way to end becomes one exit code, and one sentence where a user can do something."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from command_outcome import Outcome

from atlas_perf.cli.main import cli
from atlas_perf.errors import (
    InternalError,
    PlanError,
    RunInvalidError,
    ScenarioError,
    SetupError,
    UsageError,
)


@pytest.fixture
def ends_with(atlas_perf, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """A command that raises what it is given."""

    def end(error: BaseException) -> Outcome:
        def raise_it() -> None:
            raise error

        commands = {**cli.commands, "end": click.Command("end", callback=raise_it)}
        monkeypatch.setattr(cli, "commands", commands)
        return atlas_perf("end")

    return end


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (UsageError("a sentence"), 2),
        (PlanError("a sentence"), 2),
        (ScenarioError("a sentence"), 2),
        (SetupError("a sentence"), 2),
        (RunInvalidError("a sentence"), 3),
        (click.ClickException("a sentence"), 2),
        (click.FileError("f", "a sentence"), 2),
    ],
)
def test_an_error_a_user_can_act_on_is_one_sentence(
    ends_with, error: Exception, exit_code: int
) -> None:
    end = ends_with(error)
    assert end.exit_code == exit_code
    assert end.stdout == ""
    (line,) = end.stderr.splitlines()
    assert line.startswith("atlas-perf: ")
    assert "a sentence" in line


@pytest.mark.parametrize(
    "error",
    [
        SetupError("cannot log in with hunter22"),
        click.ClickException("hunter22 is no number"),
        InternalError("cannot be: hunter22"),
        KeyError("http://ann:p@hunter22@here.example/?q=hunter22"),
    ],
)
def test_no_error_tells_a_secret_of_the_process(
    ends_with, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setenv("SERVICE_PASSWORD", "hunter22")
    end = ends_with(error)
    assert "hunter22" not in end.stderr
    assert "***" in end.stderr


def test_a_scenario_error_names_file_and_line(ends_with) -> None:
    end = ends_with(ScenarioError("no default function", file="mine.py", line=7))
    assert end.stderr == "atlas-perf: mine.py:7: no default function\n"


@pytest.mark.parametrize("error", [InternalError("cannot be"), KeyError("x"), OSError("disk")])
def test_a_bug_is_70_with_its_traceback(ends_with, error: Exception) -> None:
    end = ends_with(error)
    assert end.exit_code == 70
    assert "Traceback" in end.stderr
    assert end.stderr.splitlines()[-1].startswith("atlas-perf: this is a bug in atlas-perf")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_130_without_a_traceback(ends_with, error: BaseException) -> None:
    assert ends_with(error) == Outcome(130, "", "atlas-perf: interrupted\n")


def test_help_and_version_end_well(atlas_perf) -> None:
    for arguments in (
        ["--help"],
        ["run", "--help"],
        ["target", "--help"],
        ["completion", "--help"],
    ):
        shown = atlas_perf(*arguments)
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert "Usage: atlas-perf" in shown.stdout


def test_nothing_at_all_shows_the_help_and_is_wrong_usage(atlas_perf) -> None:
    shown = atlas_perf()
    assert shown.exit_code == 2
    assert "  find-capacity  " in shown.stderr


def test_every_option_has_a_sentence(atlas_perf) -> None:
    for name, command in cli.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"
                assert parameter.help.endswith("."), f"{name} {parameter.name}"


def test_the_run_help_groups_options_and_gives_examples(atlas_perf) -> None:
    text = atlas_perf("run", "--help").stdout
    for heading in ("Target:", "Load:", "Verdict:", "Results:", "Examples:", "Exit codes:"):
        assert f"\n{heading}\n" in text or f"  {heading}" in text
    assert text.index("--vus") < text.index("--threshold") < text.index("--results-dir")


def test_a_folder_that_is_gone_is_one_sentence(
    atlas_perf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    refused = atlas_perf("run", "smoke")
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == [
        "atlas-perf: the current folder does not exist any more: go to another one"
    ]
