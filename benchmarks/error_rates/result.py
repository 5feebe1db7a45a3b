"""What the study found, as plain values that are kept beside it and rendered into the page."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("result.json")


@dataclass(frozen=True, slots=True)
class Count:
    """How often one rule said a thing of builds whose true difference is known."""

    noise: str  # E1 … E4, bursts, or real
    rule: str  # pairs, one run, naive, Mann-Whitney, two proportions
    said: str  # FAIL, PASS or worse
    k: int  # pairs
    margin: float
    shift: float
    found: int
    of: int
    predicted: float | None = None  # by the noncentral t, of the deviation that was found


@dataclass(frozen=True, slots=True)
class Simulated:
    """The simulated part."""

    seed: int
    draws: int
    pair_sd: dict[str, float]  # of each regime: deviation of a pair's difference
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class RealShift:
    """Real pairs of a base and a candidate that was made so much slower."""

    shift: float
    differences: tuple[float, ...]  # of the logarithms of the p95, a pair each
    drawn: tuple[float, ...]  # the same of the service latencies that the targets drew
    naive: int  # pairs that a rule for one run each called worse
    mann_whitney: int


@dataclass(frozen=True, slots=True)
class Real:
    """The real part."""

    machine: str
    seconds: int
    per_s: int
    repeated: int  # runs that were INVALID and made again
    shifts: tuple[RealShift, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Both parts; one that was not run yet is absent."""

    simulated: Simulated | None = None
    real: Real | None = None


def stored() -> Result:
    """What the last study left behind."""
    return from_plain(json.loads(FILE.read_text())) if FILE.exists() else Result()


def store(result: Result) -> None:
    FILE.write_text(_text(to_plain(result)) + "\n")


def to_plain(result: Result) -> dict[str, Any]:
    """Counts as rows: there are hundreds of them."""
    plain = asdict(result)
    if result.simulated is not None:
        plain["simulated"]["counts"] = [list(astuple(one)) for one in result.simulated.counts]
    return plain


def from_plain(plain: dict[str, Any]) -> Result:
    simulated, real = plain["simulated"], plain["real"]
    return Result(
        simulated and Simulated(**{**simulated, "counts": _counts(simulated["counts"])}),
        real and Real(**{**real, "shifts": _shifts(real["shifts"])}),
    )


def _counts(rows: list[list[Any]]) -> tuple[Count, ...]:
    return tuple(Count(*row) for row in rows)


def _shifts(plain: list[dict[str, Any]]) -> tuple[RealShift, ...]:
    lists = ("differences", "drawn")
    return tuple(RealShift(**{**one, **{key: tuple(one[key]) for key in lists}}) for one in plain)


def _text(plain: dict[str, Any]) -> str:
    """A count a line, so that a change can be read."""
    text = json.dumps(plain, indent=1)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda row: f"[{_one_line(row[1])}]", text)


def _one_line(row: str) -> str:
    return re.sub(r"\s*\n\s*", " ", row)
