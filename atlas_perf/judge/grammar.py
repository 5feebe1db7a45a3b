"""k6's threshold grammar, whole, and one extension: what part of the run is asked of.

    expression  = aggregation operator limit [scope]
    aggregation = "count" | "rate" | "value" | "avg" | "min" | "med" | "max" | percentile
    percentile  = "p(" number ")"                       ; number from 0 to 100
    operator    = "<" | "<=" | ">" | ">=" | "==" | "===" | "!="
    limit       = number
    number      = [sign] digits ["." digits] [exponent] ; no unit: times are milliseconds
    exponent    = ("e" | "E") [sign] digits
    sign        = "+" | "-"
    scope       = ["in any" duration] ["over" phase]    ; whole seconds: "30s", "2m", "1m30s"
    phase       = "warm-up" | "ramp" | "steady" | "ramp-down"

White space may stand around the operator and inside the parentheses. There is no "and" or "or":
two criteria are two thresholds. Without a scope an expression is k6's and means what it means
there: the whole run. `in any 30s` asks it of every 30 seconds in a row, `over steady` of the
iterations that began in that phase, and both of every 30 seconds in a row inside it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.choices import alternatives, did_you_mean
from atlas_perf.model.phase import LoadPhase
from atlas_perf.units import NS_PER_S, parse_duration_ns


class Aggregation(StrEnum):
    """How a metric's samples become the one number that is compared."""

    COUNT = "count"
    RATE = "rate"
    VALUE = "value"
    AVG = "avg"
    MIN = "min"
    MED = "med"
    MAX = "max"
    PERCENTILE = "p(N)"


class Operator(StrEnum):
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    EQUAL = "=="
    STRICTLY_EQUAL = "==="  # k6 has it from JavaScript; the same as == for numbers
    NOT_EQUAL = "!="


_COMPARE: Mapping[Operator, Callable[[float, float], bool]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
    Operator.EQUAL: operator.eq,
    Operator.STRICTLY_EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
}

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_LIMIT = re.compile(_NUMBER)
_PERCENTILE = re.compile(rf"p\(\s*(?P<number>{_NUMBER})\s*\)")
_FIRST_OPERATOR = re.compile(r"[<>=!]+")
_BARE_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?)")
_SCOPE = re.compile(r"\bin\s+any\b(?P<length>.*)$")
_OVER = re.compile(r"\bover\b(?P<phase>.*)$")
_SEVERAL = re.compile(r"&&|\|\||\band\b|\bor\b|,|[<>=!]")
_WITH_UNIT = re.compile(rf"{_NUMBER}\s*[a-zA-Zµ%]+")

_PLAIN = {a.value: a for a in Aggregation if a is not Aggregation.PERCENTILE}


@dataclass(frozen=True, slots=True)
class AggregationTerm:
    """The left side: an aggregation, with its percentile (0 to 100) if it is p(N)."""

    aggregation: Aggregation
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class ThresholdExpression:
    """A parsed criterion: `term operator limit`, of the whole run or a phase, or of every stretch
    of it."""

    aggregation: Aggregation
    percentile: float | None
    operator: Operator
    limit: float
    stretch_s: int | None = None
    over: LoadPhase | None = None

    @property
    def term(self) -> AggregationTerm:
        return AggregationTerm(self.aggregation, self.percentile)

    def holds(self, value: float) -> bool:
        return _COMPARE[self.operator](value, self.limit)


def parse_threshold(text: str) -> ThresholdExpression:
    """Read an expression such as `p(95)<500`.

    Raises:
        ValueError: with a clause that names the side that is wrong and says what belongs there.
    """
    over = stretch_s = None
    phase = _OVER.search(text)
    if phase is not None:
        over = _phase(phase["phase"].strip(), whole=text)
        text = text[: phase.start()].rstrip()
    scope = _SCOPE.search(text)
    if scope is not None:
        stretch_s = _stretch_s(scope["length"].strip(), whole=text)
        text = text[: scope.start()].rstrip()
    found = _FIRST_OPERATOR.search(text)
    if found is None:
        raise ValueError(
            f"{text!r} has no operator: write an aggregation, {_operators()}, a number"
        )
    left, sign, right = text[: found.start()], found.group(), text[found.end() :]
    try:
        comparison = Operator(sign)
    except ValueError:
        raise ValueError(
            f"the operator {sign!r} in {text!r} is not one of {_operators()}"
        ) from None
    term = _term(left.strip(), whole=text)
    limit = _limit(right.strip(), whole=text)
    return ThresholdExpression(
        term.aggregation, term.percentile, comparison, limit, stretch_s, over
    )


def parse_aggregation(text: str) -> AggregationTerm:
    """Read a left side alone, as `summaryTrendStats` lists them.

    Raises:
        ValueError: with a clause that says what an aggregation looks like.
    """
    return _term(text.strip(), whole=text)


def _term(left: str, *, whole: str) -> AggregationTerm:
    percentile = _PERCENTILE.fullmatch(left)
    if percentile is not None:
        rank = float(percentile["number"])
        if not 0 <= rank <= 100:
            raise ValueError(f"the left side {left!r} of {whole!r} is not a percentile: 0 to 100")
        return AggregationTerm(Aggregation.PERCENTILE, rank)
    if left in _PLAIN:
        return AggregationTerm(_PLAIN[left])
    side = f"the left side {left!r} of {whole!r}" if left != whole else repr(left)
    bare = _BARE_PERCENTILE.fullmatch(left)
    meant = f"write p({bare[1]})" if bare else f"write {alternatives(Aggregation)}"
    raise ValueError(f"{side} is not an aggregation: {meant}")


def _limit(right: str, *, whole: str) -> float:
    if _LIMIT.fullmatch(right):
        limit = float(right)
        if limit not in (float("inf"), float("-inf")):
            return limit
    side = f"the right side {right!r} of {whole!r} is not a number"
    if _WITH_UNIT.fullmatch(right):
        raise ValueError(f"{side}: limits have no unit (times are milliseconds, rates 0 to 1)")
    if _SEVERAL.search(right):
        raise ValueError(f"{side}: one threshold compares once, write several thresholds instead")
    raise ValueError(f"{side}: write one such as 500 or 0.01")


def _stretch_s(length: str, *, whole: str) -> int:
    try:
        length_ns = parse_duration_ns(length)
    except ValueError:
        length_ns = 0
    if length_ns <= 0 or length_ns % NS_PER_S:
        raise ValueError(
            f"the scope of {whole!r} is not a stretch of whole seconds: write 'in any 30s'"
        )
    return length_ns // NS_PER_S


def _phase(name: str, *, whole: str) -> LoadPhase:
    if name in ("setup", "teardown"):
        raise ValueError(f"nothing is measured in {name}: {whole!r} must name a phase of the load")
    if _SCOPE.search(name):
        raise ValueError(f"the scope of {whole!r} is turned round: write 'in any 30s over steady'")
    try:
        return LoadPhase(name)
    except ValueError:
        hint = (
            did_you_mean(name, [phase.value for phase in LoadPhase])
            or f": write {alternatives(LoadPhase)}"
        )
        raise ValueError(f"there is no phase {name!r} in {whole!r}{hint}") from None


def _operators() -> str:
    return alternatives(Operator, separator=" ")
