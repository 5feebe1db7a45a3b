"""The runs that a comparison names, read, and refused where they are unlike or prove nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.cli.streams import say
from atlas_perf.errors import RunInvalidError, UsageError
from atlas_perf.judge.comparison.likeness import unlikeness, unusable
from atlas_perf.k6_results import likeness as k6_likeness
from atlas_perf.k6_results.reading import read_k6_run
from atlas_perf.k6_results.run import K6Run
from atlas_perf.k6_results.steady import Steady
from atlas_perf.model.comparison import Quantity
from atlas_perf.report.run_files import (
    NoRunError,
    RunFiles,
    read_run,
    read_summary,
    without_address,
)


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run of either tool."""

    files: RunFiles
    k6: K6Run | None = None


def read_compared(
    path: Path, *, base: bool, steady: Steady | None = None, primary: Sequence[Quantity] = ()
) -> ComparedRun:
    """One side's run.

    Raises:
        NoRunError: there is no base.
        UsageError: there is no candidate.
        RunInvalidError: it proves nothing, or cannot be read.
    """
    side = "base" if base else "candidate"
    try:
        k6 = None
        if path.is_file():
            k6 = read_k6_run(path, steady=steady, asked=[one.selector for one in primary])
        reason = unusable(read_summary(path) if k6 is None else k6.summary)
        if reason is not None:
            raise RunInvalidError(f"the {side} {path} cannot be compared: {reason}")
        if k6 is None:
            return ComparedRun(read_run(path))
        for note in k6.notes:
            say(f"warning: {path}: {note}")
        sketches = without_address(k6.sketches, k6.summary.facts.target)
        return ComparedRun(RunFiles(path, k6.summary, sketches), k6)
    except NoRunError as error:
        if base:
            raise NoRunError(f"no baseline: {error}") from None
        raise UsageError(f"no candidate: {error}") from None


def refuse_unlike(runs: Sequence[ComparedRun]) -> None:
    """
    Raises:
        RunInvalidError: naming the first two that differ, and in what.
    """
    first, *others = runs
    for other in others:
        difference = _unlikeness(first, other)
        if difference is not None:
            raise RunInvalidError(
                f"{first.files.path} and {other.files.path} cannot be compared: they differ in "
                f"{difference}"
            )
    if first.k6 is not None:
        say(f"warning: {k6_likeness.UNTOLD}")


def _unlikeness(one: ComparedRun, other: ComparedRun) -> str | None:
    if one.k6 is not None and other.k6 is not None:
        return k6_likeness.unlikeness(one.k6, other.k6)
    if one.k6 is None and other.k6 is None:
        files, others = one.files, other.files
        return unlikeness((files.summary, files.sketches), (others.summary, others.sketches))
    return "the tool, k6 and atlas-perf, whose own time is in what they measure"
