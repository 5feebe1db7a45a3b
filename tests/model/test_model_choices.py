"""Choices in sentences."""

from __future__ import annotations

import pytest

from atlas_perf.choices import alternatives, did_you_mean, nearest


@pytest.mark.parametrize(
    ("choices", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_alternatives_are_listed_as_people_do(choices: list[str], text: str) -> None:
    assert alternatives(choices) == text


def test_signs_are_listed_without_commas() -> None:
    assert alternatives("<=>", separator=" ") == "< = or >"


def test_no_choice_is_no_sentence() -> None:
    with pytest.raises(ValueError, match="unpack"):
        alternatives([])


@pytest.mark.parametrize(
    ("name", "match"), [("vusmax", "vus_max"), ("VUS_MAX", "vus_max"), ("something", None)]
)
def test_the_nearest_is_found_whatever_its_case(name: str, match: str | None) -> None:
    known = ("checks", "vus_max")
    assert nearest(name, known) == match
    assert did_you_mean(name, known) == ("" if match is None else f": did you mean {match!r}?")
