"""Durations and sizes as people write and read them."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

_UNIT_NS = {
    "ns": 1,
    "us": NS_PER_US,
    "µs": NS_PER_US,
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
    "d": 86400 * NS_PER_S,
}
LONGEST_YEARS = 100
LONGEST_NS = LONGEST_YEARS * 366 * _UNIT_NS["d"]
"""A duration beyond this is a slip of the keyboard, and its nanoseconds outgrow 64 bits."""

_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")


def parse_duration_ns(text: str | timedelta) -> int:
    """Read `30s`, `1m30s`, `500ms`, `1h` or `0`, or a `timedelta`, as nanoseconds.

    A bare number is refused: k6 reads it as milliseconds and Python users as seconds.

    Raises:
        ValueError: with a sentence that says what a duration looks like, or that none is so long.
    """
    duration_ns = _read_duration_ns(text)
    if duration_ns > LONGEST_NS:
        raise ValueError(f"{str(text)!r} is longer than {LONGEST_YEARS} years")
    return duration_ns


def _read_duration_ns(text: str | timedelta) -> int:
    if isinstance(text, timedelta):
        return round(text / timedelta(microseconds=1)) * NS_PER_US
    if not isinstance(text, str):
        raise ValueError(f"{text!r} has no unit: write a duration as '30s', '1m30s' or '500ms'")
    return _written_ns(text)


@lru_cache(maxsize=256)  # scenarios say the same few limits with each request and message
def _written_ns(text: str) -> int:
    compact = text.strip()
    if compact == "0":
        return 0
    parts = _PART.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f"{text!r} is not a duration: write '30s', '1m30s' or '500ms'")
    return round(sum(Fraction(number) * _UNIT_NS[unit] for number, unit in parts))


def format_duration(duration_ns: float) -> str:
    """A measured duration with three or so significant digits: `1.23s`, `45.6ms`, `789µs`, `0s`."""
    if duration_ns == 0:
        return "0s"
    magnitude = abs(duration_ns)
    if magnitude >= 60 * NS_PER_S:
        minutes, rest_ns = divmod(round(magnitude), 60 * NS_PER_S)
        sign = "-" if duration_ns < 0 else ""
        return f"{sign}{minutes}m{rest_ns / NS_PER_S:.1f}s"
    for unit, unit_ns in (("s", NS_PER_S), ("ms", NS_PER_MS), ("µs", NS_PER_US)):
        if magnitude >= unit_ns:
            return f"{_three_digits(duration_ns / unit_ns)}{unit}"
    return f"{duration_ns:.0f}ns"


def format_planned(duration_ns: int) -> str:
    """A planned duration without loss, in the form `parse_duration_ns` reads: `1m30s`, `500ms`."""
    if duration_ns == 0:
        return "0s"
    rest_ns = duration_ns
    text = ""
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, rest_ns = divmod(rest_ns, _UNIT_NS[unit])
        if count:
            text += f"{count}{unit}"
    return text


def format_bytes(size_bytes: float) -> str:
    """A size in decimal units, as k6 prints them: `1.2 MB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(size_bytes) >= scale:
            return f"{_three_digits(size_bytes / scale)} {unit}"
    return f"{size_bytes:.0f} B"


_QUANTITY_UNITS = {"ms": " ms", "bytes": " B", "per_s": "/s", "bytes_per_s": " B/s", "": ""}


def format_quantity(value: float, unit: str = "", *, beside: float | None = None) -> str:
    """A number in a threshold's unit, as short as its meaning: `812.4 ms`, `0.125`, `9000/s`.

    Args:
        unit: "ms", "bytes", "per_s", "bytes_per_s" or "".
        beside: a number it will be compared with in print: digits are added until the two texts
            differ, so that 500.01 next to 500 does not read as 500.
    """
    digits = 4
    text = _plain_digits(value, digits)
    while beside is not None and value != beside and digits < 17:
        if text != _plain_digits(beside, digits):
            break
        digits += 1
        text = _plain_digits(value, digits)
    return text + _QUANTITY_UNITS[unit]


def _plain_digits(value: float, digits: int) -> str:
    """At least `digits` significant digits, no exponent, no trailing zeros after the point."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _three_digits(value: float) -> str:
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}"
