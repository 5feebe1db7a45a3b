"""Numbers as they stand in a page: the text that is read, and the value that it stands for.

The value is written as JSON writes it, so that what is sorted, tested and copied is exactly what
summary.json holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atlas_perf.model.metric import Contains
from atlas_perf.report.value_text import bound_text, share_text, value_text
from atlas_perf.units import NS_PER_MS, format_duration, format_quantity

ABSENT = "–"

_DURATION = re.compile(r"(-?[\d.]+)(ns|µs|ms|s)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table or tile."""

    text: str
    value: str = ""  # JSON; empty where there is none
    tone: str = ""  # "", "good", "bad" or "open"
    about: str = ""  # key of its definition, where its column does not say it


def duration_text(duration_ns: float) -> str:
    """As the terminal writes it, with the space that a page has before every unit: `12.3 ms`."""
    text = format_duration(duration_ns)
    single = _DURATION.fullmatch(text)
    return text if single is None else f"{single[1]} {single[2]}"


def milliseconds_text(value_ms: float) -> str:
    return duration_text(value_ms * NS_PER_MS)


def statistic_text(value: float, contains: Contains) -> str:
    """One statistic of a metric, in a fitting unit."""
    return milliseconds_text(value) if contains is Contains.TIME else value_text(value, contains)


def number(text: str, value: float | None, tone: str = "", about: str = "") -> Cell:
    """A cell of any number."""
    return Cell(text, "" if value is None else json.dumps(value), tone, about)


def count(value: float, tone: str = "", about: str = "") -> Cell:
    """A whole number, in groups of three."""
    text = f"{value:,.0f}" if float(value).is_integer() else format_quantity(value)
    return number(text, value, tone, about)


def percent(share: float, tone: str = "", about: str = "") -> Cell:
    """A share that need not be exact: CPU, lateness."""
    return number(f"{share * 100:.3g} %", share, tone, about)


def part(of: int, whole: int, tone: str = "", about: str = "") -> Cell:
    """A share that reads 0 or 100 only where it is exactly that."""
    if not whole:
        return Cell(ABSENT)
    return number(share_text(of, whole), of / whole, tone, about)


def milliseconds(value_ms: float | None, about: str = "") -> Cell:
    if value_ms is None:
        return Cell(ABSENT, about=about)
    return number(milliseconds_text(value_ms), value_ms, about=about)


def statistic(values_ms: Mapping[str, float], key: str, at_least: Sequence[str]) -> Cell:
    """One percentile of an endpoint; marked where it is only a lower bound."""
    value = values_ms.get(key)
    if value is None:
        return Cell(ABSENT)
    return number(bound_text(milliseconds_text(value), key in at_least), value)
