"""Feeds of a scenario file, and the files shown in `docs/data-feeders.md`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_perf.errors import ScenarioError
from atlas_perf.loader import build_plan, load_scenario_file
from atlas_perf.model.feed import FeedMode, FeedPer, FeedPlan, OnExhausted, RowFormat, RowLayout

CHECKOUT = Path(__file__).parents[2]
DOCUMENT = CHECKOUT / "docs" / "data-feeders.md"
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))

MISTAKES = """
from atlas_perf import Feed, VirtualUser, feed

one = feed("users.csv", mode="uniqe")  # type: ignore[call-overload]
two: Feed[str] = feed(["ann"])
three = feed(3)  # type: ignore[call-overload]


async def default(vu: VirtualUser) -> None:
    (await two.row(vu)).nothing  # type: ignore[attr-defined]
"""
"""A strict check complains of an ignore that ignores nothing: each of these must be found."""


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """A folder with the files of the document."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "users.csv").write_text("name,password\nann,one\nbob,two\n")
    (tmp_path / "products.jsonl").write_text('{"id": 3}\n{"id": 4}\n')
    return tmp_path


def test_feeds_are_in_the_plan_in_order(shown: Path, monkeypatch) -> None:
    monkeypatch.chdir(shown.parent)
    users, products = build_plan(load_scenario_file(shown / "shop.py", {})).plan.feeds
    place = Path(shown.name)
    csv, lines = RowLayout(RowFormat.CSV), RowLayout(RowFormat.JSON_LINES)
    assert users == FeedPlan(
        name="users.csv",
        rows=2,
        mode=FeedMode.UNIQUE,
        per=FeedPer.ITERATION,
        on_exhausted=OnExhausted.FAIL,
        file=str(place / "users.csv"),
        sha256=users.sha256,
        layout=csv,
    )
    assert (products.name, products.mode) == ("products.jsonl", FeedMode.RANDOM)
    assert (products.file, products.layout) == (str(place / "products.jsonl"), lines)


def test_a_wrong_file_is_told_with_its_line_and_that_of_the_feed(shown: Path) -> None:
    (shown / "users.csv").write_text("name,password\nann\n")
    with pytest.raises(ScenarioError) as refused:
        load_scenario_file(shown / "shop.py", {})
    assert re.search(
        r"shop\.py:5: users\.csv:2: has 1 field where the header names 2$", str(refused.value)
    )


def test_the_files_check_under_strict_types_and_mistakes_are_found(shown: Path) -> None:
    (shown / "mistakes.py").write_text(MISTAKES)
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
            f"--cache-dir={CHECKOUT / '.mypy_cache'}",
            *("mistakes.py", *sorted(FILES)),
        ],
        cwd=shown,
        env={"MYPYPATH": str(CHECKOUT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_unit_test_passes(shown: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "test_shop.py"],
        cwd=shown,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
