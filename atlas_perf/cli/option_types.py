"""Values of options as they are written on the command line.

Each type refuses a wrong value with a sentence that shows a right one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.model.plan import MOST, Stage, ThresholdPlan
from atlas_perf.model.series import Selector
from atlas_perf.units import NS_PER_S, format_planned, parse_duration_ns

Value = TypeVar("Value")

LEAST_LOAD_NS = NS_PER_S // 2
MOST_LOAD_NS = 60 * NS_PER_S
MOST_PAYLOAD_BYTES = 16_000_000
LONGEST_OUT_INTERVAL_S = 60

_MOST_TOLD = 65_535
"""A greater bound is no help to who mistyped a number."""

_WHOLE = re.compile(r"-?[0-9]{1,100}")

LOOPBACK = "127.0.0.1"
LIVE_PORT_IF_FREE = -1
"""Stands for the usual port of the live page, or any other if that is taken."""

_SIZE_UNITS = {"": 1, "B": 1, "kB": 1_000, "MB": 1_000_000}
_SIZE = re.compile(r"([0-9]{1,9})(|B|kB|MB)")


class Written(click.ParamType[Value]):
    """An option value read by one function, whose ValueError is the message."""

    def __init__(self, name: str, read: Callable[[str], Value]) -> None:
        self.name = name
        self._read = read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Value:
        if not isinstance(value, str):  # a default, already read
            read: Value = value
            return read
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def split_envvar_value(self, rv: str) -> list[str]:
        """Several values of one variable are parted by commas, as k6's are."""
        return [part.strip() for part in rv.split(",")]


def whole_number(least: int, most: int | None = None) -> Written[int]:
    """A type for whole numbers from `least` to `most`; a refusal says which there are."""
    told = most is not None and most <= _MOST_TOLD
    which = f"from {least} to {most}" if told else f"of {least} or more"

    def read(text: str) -> int:
        number = int(text) if _WHOLE.fullmatch(text) else least - 1
        if number >= least and most is not None and number > most and not told:
            raise ValueError(f"{text} is more than there can be: write {most:,} at most")
        if number < least or (most is not None and number > most):
            raise ValueError(f"{text!r} is not a whole number {which}")
        return number

    return Written("n", read)


def number_within(least: float, most: float) -> Written[float]:
    """A type for numbers from `least` to `most`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not least <= number <= most:
            raise ValueError(f"{text!r} is not a number from {least:g} to {most:g}")
        return number

    return Written("x", read)


def read_duration_ns(text: str) -> int:
    """A length of time above zero, in nanoseconds."""
    duration_ns = parse_duration_ns(text)
    if duration_ns <= 0:
        raise ValueError(f"{text!r} is no time at all: write a duration as '30s' or '1m30s'")
    return duration_ns


def read_stage(text: str) -> Stage:
    """`30s:10`: reach 10 virtual users in a straight line within 30 s; `0s:10` jumps."""
    duration, separator, target = text.partition(":")
    if not separator or not target.isascii() or not target.isdigit():
        raise ValueError(f"{text!r} is not a stage: write DURATION:VUS, such as '30s:10'")
    if int(target) > MOST:
        raise ValueError(f"{text!r} is not a stage: its target can be at most {MOST:,}")
    return Stage(duration_ns=parse_duration_ns(duration), target=int(target))


def read_threshold(text: str) -> ThresholdPlan:
    """`metric{tag:value}=p(95)<500`: the first `=` outside braces parts the two sides.

    A tag's value may hold an `=`, and the expression may begin a comparison with one.
    """
    at = _separator(text)
    if at is None:
        raise ValueError(
            f"{text!r} names no metric: write METRIC=EXPRESSION, such as "
            "'http_req_duration=p(95)<500'"
        )
    selector, expression = text[:at].strip(), text[at + 1 :].strip()
    Selector.parse(selector)
    parse_threshold(expression)
    return ThresholdPlan(selector=selector, expression=expression)


def read_slo(text: str) -> ThresholdPlan:
    """As `read_threshold`, or an expression alone, whose selector is then empty."""
    if _separator(text) is not None:
        return read_threshold(text)
    parse_threshold(text)
    return ThresholdPlan(selector="", expression=text.strip())


def _separator(text: str) -> int | None:
    inside = False
    for at, character in enumerate(text):
        if character in "{}":
            inside = character == "{"
        elif character in "<>!(" and not inside:
            return None
        elif character == "=" and not inside:
            return at
    return None


def read_pair(text: str) -> tuple[str, str]:
    """`NAME=VALUE`; the value may be empty and may hold further `=`."""
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise ValueError(f"{text!r} is not a pair: write NAME=VALUE")
    return name.strip(), value


def read_scale(text: str) -> float:
    """A finite factor above zero."""
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"{text!r} is not a factor: write a number above 0, such as 0.1")
    return scale


def read_latency_scale(text: str) -> float:
    """A finite factor, which may be zero."""
    return 0.0 if text == "0" else read_scale(text)


def read_processes(text: str) -> int | None:
    """A number of worker processes, or None for `auto`."""
    if text == "auto":
        return None
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ValueError(f"{text!r} is not a number of processes: write 'auto', 1, 2, …")
    return int(text)


def read_load_time(text: str) -> int:
    """How long a calibration takes, in nanoseconds: `--load` alone leaves it open."""
    try:
        time_ns = read_duration_ns(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a duration: write '10s', and scenarios before --load"
        ) from None
    if not LEAST_LOAD_NS <= time_ns <= MOST_LOAD_NS:
        raise ValueError(
            f"{text} is no time to calibrate in: give {format_planned(LEAST_LOAD_NS)} "
            f"to {format_planned(MOST_LOAD_NS)}"
        )
    return time_ns


def read_size_bytes(text: str) -> int:
    """`500`, `10kB`, `2MB`: decimal units, up to 16 MB."""
    match = _SIZE.fullmatch(text)
    size_bytes = int(match[1]) * _SIZE_UNITS[match[2]] if match else 0
    if not 1 <= size_bytes <= MOST_PAYLOAD_BYTES:
        raise ValueError(f"{text!r} is not a size up to 16 MB: write '500', '10kB' or '2MB'")
    return size_bytes


def read_out_interval_s(text: str) -> int:
    """`1s` to `1m`, in whole seconds."""
    seconds, rest_ns = divmod(read_duration_ns(text), NS_PER_S)
    if rest_ns or not 1 <= seconds <= LONGEST_OUT_INTERVAL_S:
        raise ValueError(f"{text!r} is no interval of outputs: write whole seconds from 1s to 1m")
    return seconds


def read_live_address(text: str) -> tuple[str, int]:
    """`8090`, `0.0.0.0:8090`, or nothing: where the live page is served. Port 0: any free one."""
    if not text:
        return LOOPBACK, LIVE_PORT_IF_FREE
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else LOOPBACK
    if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(
            f"{text!r} is not a port: write --live=8090 or --live=0.0.0.0:8090, and scenarios "
            "before --live"
        )
    return host, int(port)


def read_fault(text: str) -> str:
    """A fault of the embedded target, as written, once it could be read."""
    # The target stands on aiohttp, which only a run with faults is to pay for.
    from atlas_perf.target.faults.kinds import check_fault  # noqa: PLC0415

    return check_fault(text)


DURATION = Written("duration", read_duration_ns)
STAGE = Written("duration:vus", read_stage)
THRESHOLD = Written("metric=expression", read_threshold)
SLO = Written("[metric=]expression", read_slo)
PAIR = Written("name=value", read_pair)
SCALE = Written("factor", read_scale)
LATENCY_SCALE = Written("factor", read_latency_scale)
FAULT = Written("fault", read_fault)
LOAD_TIME = Written("time", read_load_time)
SIZE = Written("size", read_size_bytes)
LIVE_ADDRESS = Written("port", read_live_address)
OUT_INTERVAL = Written("duration", read_out_interval_s)
PROCESSES = Written("n|auto", read_processes)
COUNT = whole_number(1, MOST)

SEED = whole_number(0, 2**63 - 1)
