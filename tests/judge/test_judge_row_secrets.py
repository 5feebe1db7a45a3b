"""Secret values of rows are found in a report by their columns' names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atlas_perf.judge.row_secrets import shown_row_secrets
from atlas_perf.model.feed import FeedPlan, RowFormat, RowLayout
from atlas_perf.model.summary import ExceptionSummary

PEOPLE = [{"user": f"user-{n}", "password": f"pass word {n}", "pin_key": "1234"} for n in range(50)]


def told(text: str) -> ExceptionSummary:
    return ExceptionSummary("s", "KeyError", text, "shop.py", 1, 1, "")


@pytest.fixture
def feed(tmp_path: Path) -> FeedPlan:
    file = tmp_path / "people.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in PEOPLE))
    return FeedPlan("people", 50, file=str(file), layout=RowLayout(RowFormat.JSON_LINES))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("user-7 has pass word 7", {"pass word 7"}),
        ("pass word 12", {"pass word 1", "pass word 12"}),
        ("GET /login/pass%20word%2033", {"pass%20word%2033", "pass%20word%203"}),
        ("user-7 has 1234", set()),
        ("pass word", set()),
        ("", set()),
    ],
)
def test_values_that_a_report_says_are_found(feed, text, values) -> None:
    assert set(shown_row_secrets([feed], [told("nothing"), {"x": told(text)}])) == values


def test_the_longest_is_first(feed) -> None:
    found = shown_row_secrets([feed], told("pass word 12"))
    assert found == ("pass word 12", "pass word 1")


def test_secrets_inside_objects_are_found(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text('[3, {"login": {"token": "abcdef123"}}]')
    feed = FeedPlan("people", 2, file=str(file), layout=RowLayout(RowFormat.JSON))
    assert shown_row_secrets([feed], told("with abcdef123")) == ("abcdef123",)


def test_a_file_that_is_gone_says_nothing(tmp_path: Path) -> None:
    feed = FeedPlan("people", 2, file=str(tmp_path / "gone.csv"))
    assert shown_row_secrets([feed], told("anything at all")) == ()
    assert shown_row_secrets([FeedPlan("numbers", 2)], told("anything at all")) == ()
