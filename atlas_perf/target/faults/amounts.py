"""What arguments and options of a fault measure: delays, rates, growth, shares, sizes.

Each reader raises `ValueError` with what was wanted; whose argument it was is added above it.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from atlas_perf.units import NS_PER_S, parse_duration_ns

Delay = Callable[[random.Random], float]
"""Draws a length of time, in seconds."""

MOST_DELAY_S = 3600.0
MOST_RATE = 1_000_000.0
MOST_KEPT_BYTES = 1_000_000_000
"""The most that a leak may hold: a fault must not take the machine with it."""

DELAY_FORM = "200ms, uniform(10ms,50ms), exponential(20ms) or lognormal(50ms,0.5)"

_SIZE_UNITS = {"B": 1, "kB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_SIZE = re.compile(rf"({_NUMBER})(B|kB|MB|GB)")
_RATE = re.compile(rf"({_NUMBER})/s")
_PERCENT = re.compile(rf"({_NUMBER})%")
_CALL = re.compile(r"([a-z]+)\(([^()]*)\)")


def read_time_s(text: str) -> float:
    """A length of time above zero and of at most an hour, in seconds."""
    time_s = parse_duration_ns(text) / NS_PER_S
    if not 0 < time_s <= MOST_DELAY_S:
        raise ValueError(f"{text!r} is not a time above zero and of at most 1h, such as 200ms")
    return time_s


def read_delay(text: str) -> Delay:
    """A fixed time, or a distribution of times. No draw is longer than an hour."""
    call = _CALL.fullmatch(text)
    if call is None:
        time_s = read_time_s(text)
        return lambda _random: time_s
    match call[1], call[2].split(","):
        case "uniform", [least, most]:
            low_s, high_s = read_time_s(least), read_time_s(most)
            if low_s > high_s:
                raise ValueError(f"{text!r} begins above its end: write {DELAY_FORM}")
            return lambda source: source.uniform(low_s, high_s)
        case "exponential", [mean]:
            per_s = 1 / read_time_s(mean)
            return lambda source: min(source.expovariate(per_s), MOST_DELAY_S)
        case "lognormal", [median, sigma]:
            mu, spread = math.log(read_time_s(median)), _read_sigma(sigma)
            return lambda source: min(source.lognormvariate(mu, spread), MOST_DELAY_S)
    raise ValueError(f"{text!r} is not a delay: write {DELAY_FORM}")


def _read_sigma(text: str) -> float:
    if not re.fullmatch(_NUMBER, text) or not 0 < float(text) <= 3:
        raise ValueError(
            f"{text!r} is not a sigma: write a number above 0 and up to 3, such as 0.5"
        )
    return float(text)


def read_share(text: str) -> float:
    """`5%` as 0.05; above 0 and at most 1."""
    match = _PERCENT.fullmatch(text)
    share = float(match[1]) / 100 if match else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"{text!r} is not a share: write a percentage up to 100%, such as 5%")
    return share


def read_rate(text: str) -> float:
    """`100/s` as 100.0."""
    match = _RATE.fullmatch(text)
    rate = float(match[1]) if match else 0.0
    if not 0 < rate <= MOST_RATE:
        raise ValueError(f"{text!r} is not a rate: write requests per second, such as 100/s")
    return rate


def read_size_bytes(text: str) -> int:
    """`64MB` in bytes, decimal units; above 0 and at most 1 GB."""
    match = _SIZE.fullmatch(text)
    size = int(float(match[1]) * _SIZE_UNITS[match[2]]) if match else 0
    if not 0 < size <= MOST_KEPT_BYTES:
        raise ValueError(f"{text!r} is not a size up to 1GB: write 10kB or 64MB")
    return size


def read_whole(text: str, least: int, most: int, example: int) -> int:
    """A whole number within bounds."""
    if not (text.isascii() and text.isdigit() and len(text) < 7 and least <= int(text) <= most):
        raise ValueError(
            f"{text!r} is not a whole number from {least} to {most}, such as {example}"
        )
    return int(text)


@dataclass(frozen=True, slots=True)
class Growth:
    """Something that grows with time or with requests, and stops at `most`."""

    amount: float  # seconds or bytes, for each second or request
    by_request: bool
    most: float

    def after(self, elapsed_s: float, requests: int) -> float:
        return min(self.most, self.amount * (requests if self.by_request else elapsed_s))


def read_growth(text: str, read_amount: Callable[[str], float], most: float) -> Growth:
    """`20ms/s`, `10kB/request`."""
    amount, _, per = text.rpartition("/")
    if per not in ("s", "request") or not amount:
        raise ValueError(f"{text!r} does not say how it grows: write AMOUNT/s or AMOUNT/request")
    return Growth(read_amount(amount), per == "request", most)
