"""A run of k6 as the gate sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atlas_perf.judge.dropped import DROPPED_SHARE_LIMIT
from atlas_perf.k6_results.opening import K6Kind
from atlas_perf.k6_results.steady import Steady
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import Facts, Summary

OPTION = "--k6-steady"


@dataclass(frozen=True, slots=True)
class K6Run:
    """What one of k6's files says of its run.

    `summary` has k6's own thresholds, where the file tells what they came to, and the baselines
    that it was asked for.
    """

    path: Path
    kind: K6Kind
    summary: Summary
    sketches: RunSketches
    most_vus: float | None = None  # None: the file does not say
    scenarios: tuple[str, ...] = ()  # of the script; none: the file does not say
    notes: tuple[str, ...] = ()  # clauses on what was left out


def facts_of(kind: K6Kind, version: str = "") -> Facts:
    """All that k6 says of what a run was made with."""
    return Facts(f"{kind} {version}".rstrip(), "", "", "", "", 0, "", "")


def dropped_reason(dropped: float, iterations: float) -> str:
    """A sentence if so many iterations were never started that the load was not offered."""
    whole = dropped + iterations
    if dropped <= DROPPED_SHARE_LIMIT * whole:
        return ""
    return (
        f"k6 never started {dropped:.0f} of the {whole:.0f} iterations that were scheduled "
        f"({dropped / whole * 100:.1f} %): the planned load was not offered, so give it more "
        "virtual users (maxVUs of an arrival rate) or more time."
    )


def without_steady(over: LoadPhase, *, summary: bool, steady: Steady | None) -> str:
    """A sentence for a phase that nobody has told the place of."""
    if over is not LoadPhase.STEADY and steady is not None and not steady.is_whole and not summary:
        return ""
    if summary and steady is not None:
        return (
            f"k6's summary is of the whole run, and {OPTION} {steady} asks for a part: give "
            "atlas-perf the file of k6's --out json."
        )
    part = "" if summary else " or, such as 30s-2m30s, which part of it was"
    if over is not LoadPhase.STEADY:
        return f"k6 tells no phases, and of {over} {OPTION} says nothing."
    return f"k6 tells no phases: say with {OPTION} all that the whole run was {over}{part}."
