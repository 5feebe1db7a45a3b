"""A fingerprint is common to two runs exactly if nothing but the offered load makes them unlike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import sketches, summary

from atlas_perf.judge.comparison.likeness import (
    fingerprint,
    lacking_fingerprint,
    unlikeness,
)

FEW = st.sampled_from(["a", "b", None])
KEYS = st.sampled_from(["vus", "env", "thresholds", "hosts", "seed", "tags", "processes", "stages"])
SCENARIO = st.dictionaries(KEYS, FEW | st.lists(st.dictionaries(KEYS, FEW, max_size=2), max_size=2))
PLANS = st.dictionaries(KEYS, FEW | st.lists(SCENARIO, max_size=2), max_size=4)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "plan": PLANS,
        "file_sha256": st.sampled_from(["0" * 64, "1" * 64]),
        "facts": st.fixed_dictionaries(
            {},
            optional={
                "python": st.sampled_from(["3.11.7", "3.13.1"]),
                "cpu_count": st.sampled_from([2, 4]),
                "target": st.sampled_from(["http://a", "http://b"]),
            },
        ),
        "started_at": st.just("2027-01-01T00:00:00Z"),
    },
)


@settings(max_examples=300, deadline=None)
@given(CHANGES, CHANGES, st.booleans())
def test_it_is_common_to_runs_that_are_alike(
    one: dict[str, Any], other: dict[str, Any], steady: bool
) -> None:
    left, right = summary(**one), summary(**other)
    kept = sketches()
    other_kept = kept if steady else replace(kept, phase="")
    alike = unlikeness((left, kept), (right, other_kept)) is None
    assert (fingerprint(left, kept) == fingerprint(right, other_kept)) is alike


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"a": {"hosts": ["x"]}}, {"a": {"hosts": ["y"]}}, True),
        ({"a": {"allowed_hosts": ["x"]}}, {"a": {}}, True),
        ({"a": [{"env": {"TOKEN": "x"}, "seed": 1}]}, {"a": [{"env": {}, "seed": 2}]}, True),
        ({"thresholds": [1], "default_gates": 1}, {}, True),
        ({"a": None}, {}, True),
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, True),
        ({"a": [{"vus": 1}]}, {"a": [{"vus": 2}]}, False),
        ({"a": [1]}, {"a": [1, 1]}, False),
        ({"processes": 1}, {"processes": 2}, False),
    ],
)
def test_addresses_tokens_and_order_are_not_the_load(
    one: dict[str, Any], other: dict[str, Any], alike: bool
) -> None:
    left, right = (summary(plan=plan) for plan in (one, other))
    kept = sketches()
    assert (unlikeness((left, kept), (right, kept)) is None) is alike
    assert (fingerprint(left, kept) == fingerprint(right, kept)) is alike


def test_it_is_short_and_stays_what_it_is() -> None:
    """A change here parts the histories that people have: it takes a reason."""
    assert fingerprint(summary(), sketches()) == "c64bd1d9af76"
    assert lacking_fingerprint(summary()) == ()
    assert lacking_fingerprint(summary(file_sha256="", plan={"processes": 1})) == (
        "scenario file (SHA-256)",
    )
