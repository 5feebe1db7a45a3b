"""`atlas-perf new`: what it writes runs, and speaks of itself under its new name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_outcome import Outcome

from atlas_perf.loader.starters import starter_names, starter_summary, starter_text

Command = Callable[..., Outcome]

SHORT = ("--environment", "embedded", "--duration-scale", "0.03", "--quiet", "-p", "1")
WITHIN_A_SECOND = ("--no-thresholds",)  # a criterion over `steady` wants more than that


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", starter_names())
def test_a_starter_runs_as_it_stands(kind: str, atlas_perf: Command) -> None:
    """Also under its own name: `http.py` in the current folder is nobody else's `http`."""
    file = f"{kind}.py"
    written = atlas_perf("new", file, "--kind", kind)
    assert written.exit_code == 0
    assert f"next: atlas-perf run {file} --environment embedded" in written.stderr
    ran = atlas_perf("run", file, *SHORT, *WITHIN_A_SECOND)
    assert ran.exit_code == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("kind", starter_names())
def test_a_starter_has_the_new_name_everywhere(kind: str) -> None:
    text = starter_text(kind, "mine")
    assert text.startswith(f'"""mine: {starter_summary(kind)}.\n')
    assert "run mine.py" in text
    assert f"{kind}.py" not in text


def test_there_is_a_starter_for_each_model_of_load_and_each_protocol() -> None:
    assert {"http", "arrivals", "websocket", "stream", "task"} == set(starter_names())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("taken.py",), "taken.py is there already: add --force"),
        (("mine.txt",), "mine.txt is no scenario's name: it ends in .py"),
        (("no/mine.py",), "no/mine.py cannot be written: No such file or directory"),
        (("mine.py", "--kind", "htp"), "did you mean 'http'?"),
        ((), "missing argument 'FILE.py'"),
    ],
)
def test_a_wrong_command_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, atlas_perf: Command, folder: Path
) -> None:
    (folder / "taken.py").write_text("mine\n")
    refused = atlas_perf("new", *arguments)
    assert refused.exit_code == 2
    assert sentence in refused.stderr
    assert (folder / "taken.py").read_text() == "mine\n"


def test_force_writes_over_a_file(atlas_perf: Command, folder: Path) -> None:
    (folder / "taken.py").write_text("mine\n")
    assert atlas_perf("new", "taken.py", "--force").exit_code == 0
    assert (folder / "taken.py").read_text().startswith('"""taken: ')
