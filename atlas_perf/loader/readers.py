"""Readers of single option values: a value in, the plan's value out, or a sentence why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from atlas_perf.choices import alternatives
from atlas_perf.loader.problem import OptionPath, OptionProblem, expected, written
from atlas_perf.model.plan import MOST
from atlas_perf.units import parse_duration_ns

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_PLAIN_STATS = ("avg", "min", "med", "max", "count")
_PROXY = re.compile(r"http://(?:[^/?#\s]*@)?(?:[^/?#@:\[\]\s]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?/?")
_PERCENTILE = re.compile(r"p\((\d+(?:\.\d+)?)\)")


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """How one kind of value is read; `expects` is what the reference calls it."""

    expects: str
    read: Callable[[object, OptionPath], T]


def whole_number(minimum: int) -> Reader[int]:
    """An integer from `minimum` to `MOST`. Neither True nor 3.0 is one."""
    expects = f"a whole number of {minimum} or more"

    def read(value: object, path: OptionPath) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise expected(path, expects, value)
        if value > MOST:
            raise expected(path, f"at most {MOST:,}", value)
        return value

    return Reader(expects, read)


def choice(*choices: str) -> Reader[str]:
    """One of these words."""
    expects = alternatives(choices)

    def read(value: object, path: OptionPath) -> str:
        if not isinstance(value, str) or value not in choices:
            raise expected(path, expects, value)
        return value

    return Reader(expects, read)


def duration(*, zero: bool) -> Reader[int]:
    """A duration in nanoseconds, as text with units or a `timedelta`; `zero` says if 0 will do."""
    expects = "a duration" if zero else "a duration above 0"

    def read(value: object, path: OptionPath) -> int:
        if not isinstance(value, str | timedelta):
            raise expected(path, f"{expects} with its unit, such as '30s' or '1m30s'", value)
        try:
            duration_ns = parse_duration_ns(value)
        except ValueError as error:
            raise OptionProblem(path, f"`{written(path)}`: {error}") from None
        if duration_ns < 0 or (duration_ns == 0 and not zero):
            raise expected(path, expects, value)
        return duration_ns

    return Reader(expects, read)


def member_of(kind: type[Choice]) -> Reader[Choice]:
    """One of the texts that an enumeration has."""
    expects = alternatives(kind)

    def read(value: object, path: OptionPath) -> Choice:
        if not isinstance(value, str) or value not in list(kind):
            raise expected(path, expects, value)
        return kind(value)

    return Reader(expects, read)


def _read_text(value: object, path: OptionPath) -> str:
    if not isinstance(value, str):
        raise expected(path, "text", value)
    return value


def _read_flag(value: object, path: OptionPath) -> bool:
    if not isinstance(value, bool):
        raise expected(path, "True or False", value)
    return value


def _read_text_table(value: object, path: OptionPath) -> Mapping[str, str]:
    table = read_dict(value, path, "a dict of text to text")
    return {key: _read_text(item, (*path, key)) for key, item in table.items()}


def _read_trend_stats(value: object, path: OptionPath) -> tuple[str, ...]:
    stats = read_list(value, path, "a list such as ['avg', 'p(95)']")
    if not stats:
        raise expected(path, "a list with at least one statistic", value)
    return tuple(_read_stat(stat, (*path, index)) for index, stat in enumerate(stats))


def _read_stat(value: object, path: OptionPath) -> str:
    if isinstance(value, str):
        percentile = _PERCENTILE.fullmatch(value)
        if value in _PLAIN_STATS or (percentile is not None and float(percentile[1]) <= 100):
            return value
    raise expected(path, "avg, min, med, max, count or p(0) to p(100)", value)


def _read_proxy(value: object, path: OptionPath) -> str:
    if isinstance(value, str) and _PROXY.fullmatch(value):
        return value
    # Without repeating the value: it may hold a password.
    raise OptionProblem(
        path, f"`{written(path)}` must be the URL of an HTTP proxy, such as 'http://host:3128'"
    )


def _read_share(value: object, path: OptionPath) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:  # type: ignore[operator]
        raise expected(path, "a number from 0 to 1", value)
    return float(value)  # type: ignore[arg-type]


TEXT = Reader("text", _read_text)
PROXY = Reader("the URL of an HTTP proxy", _read_proxy)
SHARE = Reader("a number from 0 to 1", _read_share)
FLAG = Reader("True or False", _read_flag)
TEXT_TABLE = Reader("a dict of text to text", _read_text_table)
TREND_STATS = Reader("a list of avg, min, med, max, count, p(N)", _read_trend_stats)


def read_dict(value: object, path: OptionPath, expects: str) -> Mapping[str, object]:
    """A mapping whose keys are all text."""
    if not isinstance(value, Mapping):
        raise expected(path, expects, value)
    for key in value:
        if not isinstance(key, str):
            raise OptionProblem(path, f"`{written(path)}` has the key {key!r}: keys are text")
    return value


def read_list(value: object, path: OptionPath, expects: str) -> list[object]:
    """A list or tuple, which a text is not."""
    if not isinstance(value, list | tuple):
        raise expected(path, expects, value)
    return list(value)
