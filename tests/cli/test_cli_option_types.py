"""Values as they are written on the command line."""

from __future__ import annotations

import re

import pytest

from atlas_perf.cli.option_types import (
    read_duration_ns,
    read_latency_scale,
    read_live_address,
    read_pair,
    read_processes,
    read_scale,
    read_stage,
    read_threshold,
)
from atlas_perf.model.plan import Stage
from atlas_perf.units import NS_PER_S


@pytest.mark.parametrize(
    ("text", "selector", "expression"),
    [
        ("http_req_duration=p(95)<500", "http_req_duration", "p(95)<500"),
        ("checks=rate==1", "checks", "rate==1"),
        ("http_reqs=count>=100", "http_reqs", "count>=100"),
        ("http_reqs=count<=100", "http_reqs", "count<=100"),
        ("http_reqs=count!=0", "http_reqs", "count!=0"),
        ("http_req_duration{type:ai}=avg<2", "http_req_duration{type:ai}", "avg<2"),
        ("http_reqs{url:/a?b=c}=count>1", "http_reqs{url:/a?b=c}", "count>1"),
        ("http_reqs{url:/a<b}=count>1", "http_reqs{url:/a<b}", "count>1"),
        (" errors = rate < 0.01 ", "errors", "rate < 0.01"),
    ],
)
def test_a_threshold_is_parted_at_the_first_equals_sign_outside_braces(
    text: str, selector: str, expression: str
) -> None:
    threshold = read_threshold(text)
    assert (threshold.selector, threshold.expression) == (selector, expression)
    assert not threshold.abort_on_fail


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("p(95)<=500", "names no metric"),
        ("rate<=500", "names no metric"),
        ("http_req_duration", "names no metric"),
        ("http_req_duration<=3", "names no metric"),
        ("http_req_duration{a=b", "names no metric"),
        ("=p(95)<500", "not a metric"),
        ("http_req_duration{}=p(95)<500", "empty braces"),
        ("http_req_duration=p(95)", "no operator"),
        ("http_req_duration=p95<500", "p95"),
    ],
)
def test_a_threshold_that_cannot_be_read_says_why(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_threshold(text)


def test_a_stage_is_a_duration_and_a_number_of_users() -> None:
    assert read_stage("1m30s:25") == Stage(duration_ns=90 * NS_PER_S, target=25)
    assert read_stage("0s:25") == Stage(duration_ns=0, target=25)


@pytest.mark.parametrize("text", ["30s", "30s:", "30s:-1", "30s:ten", "30:10", ":10", "30s:²"])
def test_a_stage_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"30s"):
        read_stage(text)


def test_a_duration_is_above_zero_and_has_a_unit() -> None:
    assert read_duration_ns("1m30s") == 90 * NS_PER_S
    for text in ("0s", "30", "-1s", "soon"):
        with pytest.raises(ValueError, match="30s"):
            read_duration_ns(text)


def test_a_pair_keeps_everything_behind_the_first_equals_sign() -> None:
    assert read_pair("QUERY=a=b") == ("QUERY", "a=b")
    assert read_pair("EMPTY=") == ("EMPTY", "")
    for text in ("NAME", "=value"):
        with pytest.raises(ValueError, match="NAME=VALUE"):
            read_pair(text)


def test_a_scale_is_finite_and_above_zero() -> None:
    assert read_scale("0.05") == 0.05
    for text in ("0", "-1", "nan", "inf", "half"):
        with pytest.raises(ValueError, match="above 0"):
            read_scale(text)
    assert read_latency_scale("0") == 0


def test_processes_are_a_number_or_auto() -> None:
    assert read_processes("auto") is None
    assert read_processes("8") == 8
    for text in ("0", "-1", "two", "1.5", "²"):
        with pytest.raises(ValueError, match="auto"):
            read_processes(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8090", ("127.0.0.1", 8090)),
        ("0.0.0.0:81", ("0.0.0.0", 81)),
        ("localhost:81", ("localhost", 81)),
        ("[::1]:81", ("::1", 81)),
        ("0", ("127.0.0.1", 0)),
        ("", ("127.0.0.1", -1)),
    ],
)
def test_where_the_live_page_is(text: str, address: tuple[str, int]) -> None:
    assert read_live_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["api", "70000", "host:", ":80", "1.5", "::1", "::1:80", "[::1]", "a b:80", "http://h:80"],
)
def test_what_is_no_port_says_how_it_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="write --live=8090"):
        read_live_address(text)
