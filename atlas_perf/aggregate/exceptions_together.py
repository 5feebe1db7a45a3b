"""Exceptions of several workers as one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.summary import ExceptionSummary


def exceptions_together(
    of_workers: Iterable[tuple[ScenarioException, ...]],
) -> tuple[ExceptionSummary, ...]:
    """Those of one kind at one place added up, the most frequent first."""
    counts: dict[tuple[str, str, str, int], int] = {}
    examples: dict[tuple[str, str, str, int], ScenarioException] = {}
    for exceptions in of_workers:
        for seen in exceptions:
            # As in a worker: the message tells none apart, since many hold an id.
            key = (seen.scenario, seen.kind, seen.file, seen.line)
            counts[key] = counts.get(key, 0) + seen.count
            examples.setdefault(key, seen)
    return tuple(
        ExceptionSummary(**{**asdict(examples[key]), "count": counts[key]})
        for key in sorted(counts, key=lambda key: (-counts[key], key))
    )
