"""Selectors: what they read, and which series they mean."""

from __future__ import annotations

import pytest

from atlas_perf.model.series import Selector, Series, tags_of


@pytest.mark.parametrize(
    ("text", "metric", "tags"),
    [
        ("http_reqs", "http_reqs", {}),
        ("http_reqs{status:200}", "http_reqs", {"status": "200"}),
        (
            " http_reqs { status : 200 , scenario:api } ",
            "http_reqs",
            {"status": "200", "scenario": "api"},
        ),
        ('checks{check:"a, b: c"}', "checks", {"check": "a, b: c"}),
        ("checks{check:'it''s'}".replace("''", ""), "checks", {"check": "its"}),
        ("a{url:http://h/x?y=1}", "a", {"url": "http://h/x?y=1"}),
        ("a{empty:}", "a", {"empty": ""}),
    ],
)
def test_a_selector_is_read(text: str, metric: str, tags: dict[str, str]) -> None:
    assert Selector.parse(text) == Selector(metric, tags_of(tags))


@pytest.mark.parametrize(
    "text", ["", "{a:b}", "a{", "a}", "a{}", "a{b}", "a{:c}", "a b", "a{b:c}d"]
)
def test_a_malformed_selector_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Selector.parse(text)


def test_bare_http_times_mean_successful_requests() -> None:
    ok = Series("http_req_duration", tags_of({"expected_response": "true", "status": "200"}))
    failed = Series("http_req_duration", tags_of({"expected_response": "false", "status": "500"}))
    bare = Selector.parse("http_req_duration")
    assert (bare.matches(ok), bare.matches(failed)) == (True, False)
    for text in ("{expected_response:false}", "{status:500}"):
        assert Selector.parse("http_req_duration" + text).matches(failed)
    assert not Selector.parse("http_req_duration{scenario:api}").matches(failed)


def test_counts_mean_all_requests() -> None:
    failed = Series("http_reqs", tags_of({"expected_response": "false"}))
    assert Selector.parse("http_reqs").matches(failed)


def test_every_pair_of_a_selector_must_be_equal() -> None:
    series = Series("m", tags_of({"a": "1", "b": "2"}))
    assert Selector.parse("m{a:1,b:2}").matches(series)
    assert not Selector.parse("m{a:1,b:3}").matches(series)
    assert not Selector.parse("m{a:1,c:2}").matches(series)
    assert not Selector.parse("n{a:1}").matches(series)


def test_a_selector_prints_as_it_is_read() -> None:
    assert str(Selector.parse("m{b:2, a:1}")) == "m{a:1,b:2}"
    assert str(Selector.parse("m")) == "m"
