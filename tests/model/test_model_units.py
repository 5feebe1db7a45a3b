"""Durations and sizes as people write and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas_perf.units import format_bytes, format_duration, format_planned, parse_duration_ns


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("30s", 30_000_000_000),
        ("1m30s", 90_000_000_000),
        ("1.5s", 1_500_000_000),
        ("500ms", 500_000_000),
        ("250us", 250_000),
        ("250µs", 250_000),
        ("1h", 3_600_000_000_000),
        ("2d", 172_800_000_000_000),
        ("0", 0),
        (" 10s ", 10_000_000_000),
        (timedelta(minutes=2), 120_000_000_000),
    ],
)
def test_a_duration_is_read(text: str | timedelta, duration_ns: int) -> None:
    assert parse_duration_ns(text) == duration_ns


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1s 2m", "1x", "1m-3s", "½s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="'30s'"):
        parse_duration_ns(text)


@pytest.mark.parametrize("text", ["878401h", timedelta(days=36601)])
def test_a_duration_that_outlives_everybody_is_refused(text: str | timedelta) -> None:
    with pytest.raises(ValueError, match="longer than 100 years"):
        parse_duration_ns(text)


@pytest.mark.parametrize("number", [30, 1.5, None, True])
def test_a_number_without_a_unit_is_refused(number: object) -> None:
    with pytest.raises(ValueError, match="no unit"):
        parse_duration_ns(number)  # type: ignore[arg-type]


@given(st.integers(0, 10**18))
def test_a_planned_duration_survives_printing(duration_ns: int) -> None:
    assert parse_duration_ns(format_planned(duration_ns)) == duration_ns


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0s"),
        (999, "999ns"),
        (1_234, "1.23µs"),
        (45_600_000, "45.6ms"),
        (123_000_000, "123ms"),
        (1_230_000_000, "1.23s"),
        (90_500_000_000, "1m30.5s"),
        (-1_500_000, "-1.50ms"),
    ],
)
def test_a_measured_duration_is_short(duration_ns: int, text: str) -> None:
    assert format_duration(duration_ns) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1_200, "1.20 kB"), (12_300_000, "12.3 MB"), (5e9, "5.00 GB")],
)
def test_a_size_is_short(size_bytes: float, text: str) -> None:
    assert format_bytes(size_bytes) == text
