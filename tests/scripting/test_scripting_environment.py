"""Variables of a scenario file."""

from __future__ import annotations

import os

import pytest

from atlas_perf.scripting.environment import Environment


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("ONLY_PROCESS", "process")
    monkeypatch.setenv("TOKEN", "process")
    environment = Environment()
    environment.replace({"TOKEN": "given", "ONLY_GIVEN": "3"})
    return environment


def test_what_is_given_lies_over_the_process(environment: Environment) -> None:
    assert environment["TOKEN"] == "given"
    assert environment["ONLY_GIVEN"] == "3"
    assert environment["ONLY_PROCESS"] == "process"
    assert dict(environment) == {**os.environ, "TOKEN": "given", "ONLY_GIVEN": "3"}
    assert len(environment) == len(os.environ) + 1
    assert environment.get("NOPE") is None


def test_what_was_given_before_is_forgotten(environment: Environment) -> None:
    environment.replace({"ONLY_GIVEN": "4"})
    assert environment["TOKEN"] == "process"
    assert environment["ONLY_GIVEN"] == "4"


def test_no_value_is_ever_printed(environment: Environment) -> None:
    assert repr(environment) == f"<environment: {len(environment)} variables>"


def test_one_that_is_missing_says_how_to_give_it(environment: Environment) -> None:
    with pytest.raises(KeyError) as missing:
        environment["NOPE"]
    assert str(missing.value) == (
        "the variable NOPE is not set: give it with -e NOPE=…, or in the environment"
    )
