"""Whether runs may be compared at all: in everything but the build that was tested they are alike.

A percentile under another load, on another machine or of a generator that was late is another
quantity, and its ratio says nothing of the build.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from atlas_perf.errors import ExitCode
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict

OFFERED_TOLERANCE = 0.01
"""How much the arrivals that were begun may differ."""

_NO_LOAD = frozenset({"env", "thresholds", "default_gates", "tags", "keep_samples", "file", "seed"})
"""Of a plan, what does not change the load; addresses and tokens of two builds differ in `env`."""

_ADDRESSES = frozenset({"hosts", "allowed_hosts"})

_OF_THE_PLAN_AS_A_WHOLE = _NO_LOAD | {"processes", "file_sha256"}
"""Compared by themselves, with a name that says more."""

_FACTS: Mapping[str, Callable[[Summary], object]] = {
    "scenario file (SHA-256)": lambda one: one.file_sha256[:12],
    "worker processes": lambda one: one.plan.get("processes"),
    "atlas-perf version": lambda one: one.facts.tool_version,
    "Python version": lambda one: one.facts.python,
    "uvloop version": lambda one: one.facts.uvloop,
    "platform": lambda one: one.facts.platform,
    "CPU model": lambda one: one.facts.cpu_model,
    "number of CPUs": lambda one: one.facts.cpu_count,
}


def made_with(summary: Summary) -> dict[str, str]:
    """What a run was made with and on, as far as comparisons ask for it."""
    return {name: str(fact(summary)) for name, fact in _FACTS.items()}


def unusable(summary: Summary) -> str | None:
    """A clause if a run proves nothing or is only a part of one."""
    if summary.exit_code is ExitCode.INTERRUPTED:
        return "it was interrupted, so it is only a part of a run"
    if summary.verdict is Verdict.INVALID:
        why = f": {summary.reasons[0]}" if summary.reasons else ""
        return f"it is INVALID{why}".rstrip(".")
    return None


def unlikeness(one: tuple[Summary, RunSketches], other: tuple[Summary, RunSketches]) -> str | None:
    """In what two runs differ that makes them unlike, as a clause; None if in nothing."""
    (left, left_kept), (right, right_kept) = one, other
    differences = differences_as_made(left, right)
    if left_kept.phase != right_kept.phase:
        differences.append("phase of the load that was kept")
    differences += offered_difference(arrivals(left), arrivals(right))
    return "; ".join(differences) or None


def differences_as_made(left: Summary, right: Summary) -> list[str]:
    """In what runs differ that is known before their load begins, as clauses."""
    differences = [
        f"{name} {fact(left)} and {fact(right)}"
        for name, fact in _FACTS.items()
        if fact(left) != fact(right)
    ]
    return [
        *differences,
        *(f"plan ({place})" for place in _plan_differences(left.plan, right.plan)),
    ]


def arrivals(summary: Summary) -> int:
    """Begun by arrival rates; 0 for closed models, whose load follows from the answers."""
    return sum(window.started_arrivals for window in summary.windows)


def offered_difference(left: int, right: int) -> list[str]:
    """A clause if the arrivals of two runs are too far apart, else none."""
    if abs(left - right) <= OFFERED_TOLERANCE * max(left, right):
        return []
    return [f"offered load, {left:,} and {right:,} iterations begun"]


def fingerprint(summary: Summary, kept: RunSketches) -> str:
    """A short text that runs have in common exactly if nothing but the offered load, which is a
    matter of degree, can make them unlike."""
    facts = [fact(summary) for fact in _FACTS.values()]
    plan = {key: _of_load(summary.plan[key]) for key in _judged(summary.plan)}
    text = json.dumps([facts, plan, kept.phase], sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:12]


def lacking_fingerprint(summary: Summary) -> tuple[str, ...]:
    """What a summary does not say of how the run was made, in words."""
    lacking = [name for name, fact in _FACTS.items() if not fact(summary)]
    return tuple(lacking) if summary.plan else (*lacking, "plan")


def _judged(plan: Mapping[str, Any]) -> list[str]:
    return sorted(
        key for key in plan if key not in _OF_THE_PLAN_AS_A_WHOLE and plan[key] is not None
    )


def _of_load(plain: Any) -> Any:
    """A plain value of a plan without what does not change the load; as `_places` looks at it."""
    if isinstance(plain, Mapping):
        left_out = _NO_LOAD | _ADDRESSES
        return {
            key: _of_load(value)
            for key, value in plain.items()
            if key not in left_out and value is not None
        }
    return [_of_load(one) for one in plain] if isinstance(plain, list) else plain


def _plan_differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    return [
        place
        for key in sorted({*left, *right} - _OF_THE_PLAN_AS_A_WHOLE)
        for place in _places(left.get(key), right.get(key), key)
    ]


def _places(left: Any, right: Any, place: str) -> list[str]:
    """Where two plain values differ, as deep as both have the same shape."""
    if left == right:
        return []
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return [
            found
            for key in sorted({*left, *right} - _NO_LOAD - _ADDRESSES)
            for found in _places(left.get(key), right.get(key), f"{place}.{key}")
        ]
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [
            found
            for number, (one, other) in enumerate(zip(left, right, strict=True))
            for found in _places(one, other, f"{place}[{number}]")
        ]
    return [place]
