"""How much load a target takes: the steps of a search for it, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import Facts, ThresholdResult


class LoadModel(StrEnum):
    """What the level of a step counts."""

    RATE = "rate"  # iterations due in each second: open
    VUS = "vus"  # virtual users: closed


class StepOutcome(StrEnum):
    """What one step says about the target."""

    MET = "met"  # every criterion held
    BROKEN = "broken"  # one did not, and the load was offered
    UNPROVEN = "unproven"  # the generator is in the way: nothing is said about the target


@dataclass(frozen=True, slots=True)
class Trial:
    """One step, for the search."""

    level: int
    outcome: StepOutcome


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the criteria hold and where they do not; None where no step has shown it.

    Every step up to `met` held them, each time; every step from `broken` on broke them, each time.
    """

    met: int | None
    broken: int | None


@dataclass(frozen=True, slots=True)
class CapacityStep:
    """One step, for people. Rates and latencies are of the part after the warm-up."""

    level: int
    outcome: StepOutcome
    achieved_per_s: float  # iterations that ended in each second of the hold
    p95_ms: float | None  # of responses in the open model, of requests in the closed one
    failed_share: float | None  # of requests; None without any
    criteria: tuple[ThresholdResult, ...]
    reasons: tuple[str, ...]  # sentences: what was broken, or why nothing is proven


class CapacityWord(StrEnum):
    """What a search came to."""

    FOUND = "found"
    HELD = "held to the end"  # met at the highest level that was asked for
    BROKEN_AT_ONCE = "broken at the first step"
    GENERATOR_LIMIT = "generator limit"  # met as far as the generator could offer it
    UNPROVEN = "unproven"  # no step says anything about the target
    NO_DATA = "no data"
    UNDECIDED = "undecided"  # steps disagree, or ran out before there were both bounds
    INTERRUPTED = "interrupted"


CAPACITY_EXIT_CODES: Mapping[CapacityWord, ExitCode] = {
    CapacityWord.FOUND: ExitCode.PASS,
    CapacityWord.HELD: ExitCode.PASS,
    CapacityWord.BROKEN_AT_ONCE: ExitCode.FAIL,
    CapacityWord.GENERATOR_LIMIT: ExitCode.INVALID,
    CapacityWord.UNPROVEN: ExitCode.INVALID,
    CapacityWord.NO_DATA: ExitCode.NO_DATA,
    CapacityWord.UNDECIDED: ExitCode.INVALID,
    CapacityWord.INTERRUPTED: ExitCode.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class CapacityResult:
    """A search as far as it has come. Durations are of each step."""

    name: str
    file: str
    file_sha256: str
    started_at: str  # RFC 3339
    facts: Facts
    model: LoadModel
    slo: tuple[str, ...]  # as judged: selector: expression
    first: int
    last: int
    warm_up_s: float
    hold_s: float
    repeats: int
    precision: float
    word: CapacityWord | None  # None while the search goes on
    bounds: Bounds
    sentences: tuple[str, ...]
    steps: tuple[CapacityStep, ...]

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.INVALID if self.word is None else CAPACITY_EXIT_CODES[self.word]
