"""Numbers and names as they are printed."""

from __future__ import annotations

import pytest

from atlas_perf.model.metric import Contains
from atlas_perf.report.terminal_text import columns, joined, printable, shortened, wrapped
from atlas_perf.report.value_text import per_second_text, share_text, value_text
from atlas_perf.units import format_quantity


@pytest.mark.parametrize(
    ("value", "unit", "beside", "text"),
    [
        (812.4, "ms", None, "812.4 ms"),
        (0.0, "", None, "0"),
        (0.012008, "", None, "0.01201"),
        (123456.7, "", None, "123457"),
        (1e-9, "", None, "0.000000001"),
        (-2.5, "", None, "-2.5"),
        (9000.0, "per_s", None, "9000/s"),
        (5.0, "bytes_per_s", None, "5 B/s"),
        (10.0, "bytes", None, "10 B"),
        (500.01, "ms", 500.0, "500.01 ms"),
        (500.0, "ms", 500.0, "500 ms"),
        (500.0, "ms", 500.01, "500 ms"),
    ],
)
def test_a_quantity(value, unit, beside, text):
    assert format_quantity(value, unit, beside=beside) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (1, 3, "33.33 %"),
        (1, 2, "50.00 %"),
        (1, 1_000_000, "0.0001 %"),
        (99_999, 100_000, "99.999 %"),
    ],
)
def test_a_share_is_all_or_nothing_only_if_it_is(part, whole, text):
    assert share_text(part, whole) == text


@pytest.mark.parametrize(
    ("value", "contains", "text"),
    [
        (14.62, Contains.TIME, "14.6ms"),
        (0.0214, Contains.TIME, "21.4µs"),
        (60_000.0, Contains.TIME, "1m0.0s"),
        (48_213_377, Contains.DATA, "48.2 MB"),
        (3.25, Contains.DEFAULT, "3.25"),
    ],
)
def test_a_value_has_the_unit_of_its_metric(value, contains, text):
    assert value_text(value, contains) == text


def test_a_rate_is_per_second():
    assert per_second_text(1_607_112, Contains.DATA) == "1.61 MB/s"
    assert per_second_text(103.3333, Contains.DEFAULT) == "103.3/s"


def test_what_cannot_be_seen_is_escaped():
    assert printable("plain é 状") == "plain é 状"
    assert printable("\x1b[31m\n\u202e\u200b") == r"\x1b[31m\n\u202e\u200b"


def test_columns_count_wide_and_combining_characters():
    assert [columns(text) for text in ("abc", "状態", "e\u0301", "")] == [3, 4, 1, 0]


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("short", 5, "short"),
        ("abcdefghij", 5, "ab…ij"),
        ("abcdefghij", 4, "ab…j"),
        ("状態状態", 5, "状…態"),
    ],
)
def test_a_long_text_loses_its_middle(text, width, short):
    assert shortened(text, width) == short
    assert columns(short) <= width


def test_wrapping_breaks_at_spaces_and_never_inside_a_word():
    assert wrapped("aa bb cc " + "d" * 12 + " e", 6, "  ") == [
        "aa bb",
        "  cc",
        "  dddddddddddd",
        "  e",
    ]


def test_joining_breaks_between_parts():
    assert joined(("a b", "", "c d", "e f"), 9, "  ") == ["a b · c d", "  e f"]
