"""Measured values as a reader wants them: three or four digits and a unit."""

from __future__ import annotations

from atlas_perf.model.metric import Contains
from atlas_perf.units import NS_PER_MS, format_bytes, format_duration, format_quantity


def value_text(value: float, contains: Contains) -> str:
    """One statistic of a metric: times (milliseconds) get a fitting unit, data bytes."""
    match contains:
        case Contains.TIME:
            return milliseconds_text(value)
        case Contains.DATA:
            return format_bytes(value)
        case Contains.DEFAULT:
            return format_quantity(value)


def per_second_text(value: float, contains: Contains) -> str:
    return f"{format_bytes(value) if contains is Contains.DATA else format_quantity(value)}/s"


def milliseconds_text(value_ms: float) -> str:
    return format_duration(value_ms * NS_PER_MS)


def bound_text(text: str, at_least: bool) -> str:
    """A value that is only known to be as large or larger, so marked."""
    return f"≥{text}" if at_least else text


def share_text(part: int, whole: int) -> str:
    """A percentage that reads 0 or 100 only where it is exactly that."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    percent = part / whole * 100
    decimals = 2
    while f"{percent:.{decimals}f}".rstrip("0") in ("0.", "100."):
        decimals += 1
    return f"{percent:.{decimals}f} %"
