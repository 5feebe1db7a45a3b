"""What the documentation tells people to type works: run where short, parsed where not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from documented_commands import Shown, parse, reason_not_to_run, shown_in, shown_in_help

CHECKOUT = Path(__file__).parents[2]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *(CHECKOUT / "docs").glob("*.md")]

SHOWN = [*(shown for page in sorted(PAGES) for shown in shown_in(page)), *shown_in_help()]
OURS = [shown for shown in SHOWN if shown.words[0] == "atlas-perf"]
MAKE = [shown for shown in SHOWN if shown.words[0] == "make"]
SHORT = [shown for shown in OURS if {"--help", "--version"} & set(shown.words)]
LONG = [shown for shown in OURS if shown not in SHORT]
FIRST = {(shown.variables, shown.words): shown for shown in reversed(OURS)}
"""Where each command is shown for the first time: it is run once, on however many pages it is."""


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "atlas_perf", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pages_show_commands() -> None:
    assert len(OURS) > 20
    assert {shown.words[1] for shown in MAKE} >= {"run", "test", "bench"}


@pytest.mark.parametrize("shown", LONG, ids=str)
def test_a_shown_command_parses_and_is_run_if_it_is_short(shown: Shown, tmp_path: Path) -> None:
    parse(shown)
    reason = reason_not_to_run(shown)
    if reason is not None:
        assert reason.endswith(("here", "own", "seconds", "stopped"))
    elif FIRST[shown.variables, shown.words] is shown:
        (tmp_path / "scenarios").symlink_to(CHECKOUT / "scenarios")
        finished = command(*shown.words[1:], cwd=tmp_path)
        assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("shown", [one for one in SHORT if one in FIRST.values()], ids=str)
def test_a_shown_command_that_only_prints_is_run(shown: Shown, tmp_path: Path) -> None:
    finished = command(*shown.words[1:], cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout


@pytest.mark.parametrize("shown", MAKE, ids=str)
def test_a_shown_make_target_exists(shown: Shown) -> None:
    subprocess.run(
        ["make", "--dry-run", *shown.words[1:]], cwd=CHECKOUT, capture_output=True, check=True
    )


def test_some_load_is_really_run() -> None:
    assert [shown for shown in LONG if shown.words[1] == "run" and not reason_not_to_run(shown)]


@pytest.mark.parametrize(
    "line",
    [
        "$ atlas-perf run --vsu 3",
        "$ atlas-perf rnu",
        "$ X=1 .venv/bin/atlas-perf run -d 30  # a comment",
        "$ atlas-perf run --threshold 'p(95)<3'",
    ],
)
def test_a_command_that_would_be_refused_is_noticed(line: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n{line}\n```\n")
    (shown,) = shown_in(page)
    with pytest.raises(click.UsageError):
        parse(shown)


def test_the_scenario_of_the_readme_runs(tmp_path: Path) -> None:
    (block,) = re.findall(
        r"^```python\n(.*?)^```", (CHECKOUT / "README.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert len(block.splitlines()) <= 15
    (tmp_path / "shop.py").write_text(block)
    finished = command(
        *("run", "shop.py", "--environment", "embedded", "-u", "3", "-d", "1s"), cwd=tmp_path
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "list runs" in finished.stdout


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"
    assert len((CHECKOUT / "README.md").read_text().splitlines()) < 120
