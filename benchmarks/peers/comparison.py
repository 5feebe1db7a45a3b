"""Runs of all subjects, and what they come to: medians, and ratios within each round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.accounting import Spent
from benchmarks.peers.subject import REFERENCES, Reading, Subject

PER = 100_000  # requests that CPU time is told for


@dataclass(frozen=True, slots=True)
class Run:
    """A subject in one round: a run of the full length, and one of a second before it.

    What a run costs whatever its length (interpreters, imports, the report) is in both, so the
    difference of the two is the price of requests alone.
    """

    reading: Reading
    spent: Spent
    short_requests: int
    short_cpu_s: float

    @property
    def cpu_s_per_100k(self) -> float:
        return self.spent.cpu_s / self.reading.requests * PER

    @property
    def steady_cpu_s_per_100k(self) -> float | None:
        """None if the longer run made no more requests than the shorter."""
        more = self.reading.requests - self.short_requests
        return (self.spent.cpu_s - self.short_cpu_s) / more * PER if more > 0 else None


FIGURES: dict[str, Callable[[Run], float | None]] = {
    "requests_per_s": lambda run: run.reading.requests_per_s,
    "p50_ms": lambda run: run.reading.p50_ms,
    "p99_ms": lambda run: run.reading.p99_ms,
    "cpu_s_per_100k": lambda run: run.cpu_s_per_100k,
    "steady_cpu_s_per_100k": lambda run: run.steady_cpu_s_per_100k,
    "peak_mb": lambda run: run.spent.peak_bytes / 1e6,
}


@dataclass(frozen=True, slots=True)
class Spread:
    median: float
    low: float
    high: float


@dataclass(slots=True)
class Rounds:
    """Everything measured of one subject, by round; a round that broke has a reason instead."""

    subject: Subject
    runs: dict[int, Run] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def figure(self, name: str) -> Spread | None:
        return _spread(FIGURES[name](run) for run in self.runs.values())

    def ratio(self, name: str, reference: Rounds) -> Spread | None:
        """The figure divided by the reference's of the same round."""
        of = FIGURES[name]
        return _spread(
            _divided(of(run), of(reference.runs[number]))
            for number, run in self.runs.items()
            if number in reference.runs
        )


def reference_of(rounds: Rounds, everything: Iterable[Rounds]) -> Rounds | None:
    name = REFERENCES[rounds.subject.workload]
    return next((one for one in everything if one.subject.name == name and one.runs), None)


def plain(everything: Sequence[Rounds]) -> list[dict[str, object]]:
    """For JSON: every round, and what they come to."""
    found: list[dict[str, object]] = []
    for rounds in everything:
        reference = reference_of(rounds, everything)
        found.append(
            {
                "subject": rounds.subject.name,
                "workload": rounds.subject.workload.value,
                "reference": None if reference is None else reference.subject.name,
                "rounds": [
                    {"round": number, "requests": run.reading.requests}
                    | {name: of(run) for name, of in FIGURES.items()}
                    for number, run in rounds.runs.items()
                ],
                "broken": rounds.broken,
                "median": {name: _plain(rounds.figure(name)) for name in FIGURES},
                "ratio": {
                    name: None if reference is None else _plain(rounds.ratio(name, reference))
                    for name in FIGURES
                },
            }
        )
    return found


def _plain(spread: Spread | None) -> dict[str, float] | None:
    if spread is None:
        return None
    return {"median": spread.median, "low": spread.low, "high": spread.high}


def _divided(value: float | None, by: float | None) -> float | None:
    return None if value is None or not by else value / by


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return Spread(statistics.median(known), min(known), max(known)) if known else None
