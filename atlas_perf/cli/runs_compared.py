"""Runs named on a command line, compared: with a base, or with kept sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from atlas_perf.cli.noise_option import held_against
from atlas_perf.cli.runs_read import ComparedRun, read_compared, refuse_unlike
from atlas_perf.cli.store_option import kept_folder, readable_contents
from atlas_perf.cli.streams import say
from atlas_perf.errors import AtlasPerfError, UsageError
from atlas_perf.history.errors import NoKeptRunError
from atlas_perf.history.kept_files import KEPT_FILE
from atlas_perf.history.like_sessions import like_sessions
from atlas_perf.history.sessions import SESSION_PAUSE, of_entry, of_results, pause_between
from atlas_perf.judge.comparison.compare import compare, compare_with_history
from atlas_perf.judge.comparison.decision import LEAST_SESSIONS
from atlas_perf.k6_results.steady import Steady
from atlas_perf.model.comparison import Comparison, Quantity, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.report.reports_folder import ReportsFolder, refusal_files
from atlas_perf.report.run_files import RunFiles


@dataclass(frozen=True, slots=True)
class Asked:
    """How runs are to be read and held against each other, beside the terms."""

    store: Path  # of kept runs
    steady: Steady | None  # of files of k6
    primary: Sequence[Quantity]
    noise: Noise | None


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """A comparison, and what it was made of."""

    comparison: Comparison
    bases: list[str]  # as they are named
    candidates: list[str]
    file: str  # the scenario's


def compare_sides(
    bases: Sequence[Path], candidates: Sequence[Path], *, asked: Asked, terms: Terms
) -> ComparedRuns:
    """One run per side, or pairs in their order; kept ones may be among the bases.

    Raises:
        NoRunError, UsageError, RunInvalidError: a run is not there, or cannot be compared.
        ValueError: as `compare`.
    """
    new = [_read(folder, asked, base=False) for folder in candidates]
    scenario = new[0].files.summary.name  # of several kept runs of one name, its own is meant
    old = [_read(folder, asked, base=True, scenario=scenario) for folder in bases]
    _refuse_one_twice([*old, *new])
    refuse_unlike([*old, *new])
    for one, other in zip(old, new, strict=True):
        if one.k6 is None:
            _warn_of_pause(one.files, other.files)
    if asked.noise is not None:
        terms = held_against(asked.noise, terms, [one.files.summary for one in old])
    found = compare([one.files.sketches for one in old], [one.files.sketches for one in new], terms)
    return ComparedRuns(
        found,
        [str(one) for one in bases],
        [str(one) for one in candidates],
        new[0].files.summary.file,
    )


def compare_with_kept(folders: Sequence[Path], store: Path, terms: Terms) -> ComparedRuns:
    """Runs of one session, and the kept sessions of runs that are alike.

    Raises:
        NoKeptRunError: there are too few of these.
        UsageError, RunInvalidError: a run is not there, or cannot be compared.
        ValueError: as `compare`.
    """
    new = [read_compared(kept_folder(folder, store), base=False) for folder in folders]
    if any(one.k6 is not None for one in new):
        raise UsageError("--history is for runs of atlas-perf: none of k6 are kept")
    _refuse_one_twice(new)
    refuse_unlike(new)
    kept = [of_entry(one) for one in readable_contents(store).entries]
    like = like_sessions(kept, [of_results(one.files) for one in new])
    if len(like.sessions) < LEAST_SESSIONS:
        unlike = f"; others differ in {like.passed_over}" if like.passed_over else ""
        raise NoKeptRunError(
            f"no baseline: {len(like.sessions)} sessions like it are kept in {store}, and it "
            f"takes {LEAST_SESSIONS}{unlike}"
        )
    found = compare_with_history(
        [[run.files.sketches for run in session] for session in like.sessions],
        [one.files.sketches for one in new],
        terms,
    )
    return ComparedRuns(
        found,
        [str(run.files.path) for session in like.sessions for run in session],
        [str(one) for one in folders],
        new[0].files.summary.file,
    )


@contextmanager
def told_in(folder: ReportsFolder | None) -> Iterator[None]:
    """A pipeline that reads reports is told, too, why there is no comparison."""
    try:
        yield
    except AtlasPerfError as error:
        if folder is not None:
            folder.write(refusal_files(str(error), error.exit_code))
        raise


def _read(path: Path, asked: Asked, *, base: bool, scenario: str | None = None) -> ComparedRun:
    folder = kept_folder(path, asked.store, scenario)
    return read_compared(folder, base=base, steady=asked.steady, primary=asked.primary)


def _warn_of_pause(one: RunFiles, other: RunFiles) -> None:
    pause = pause_between(one, other)
    if pause > SESSION_PAUSE:
        say(
            f"warning: {_pause_text(pause)} between {one.path} and {other.path}: what the "
            "machine was doing then and now differs too, and in simulations one in four such "
            "comparisons was a false alarm; run both builds in turns"
        )


def _pause_text(pause: timedelta) -> str:
    days, hours = round(pause / timedelta(days=1)), round(pause / timedelta(hours=1))
    if days > 1:
        return f"{days} days"
    return f"{hours} hours" if hours > 1 else "more than an hour"


def _refuse_one_twice(runs: Sequence[ComparedRun]) -> None:
    """A run that was kept is in two places."""
    for one, other in combinations([run.files for run in runs], 2):
        kept = any((each.path / KEPT_FILE).exists() for each in (one, other))
        if one.path.resolve() == other.path.resolve() or (
            kept
            and one.summary.started_at == other.summary.started_at
            and one.sketches == other.sketches
        ):
            raise UsageError(
                f"{one.path} and {other.path} are one run: compared with itself it shows nothing"
            )
