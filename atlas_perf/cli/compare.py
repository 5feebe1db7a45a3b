"""`atlas-perf compare`: is one build slower than another, from the results of their runs?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import click

from atlas_perf.cli.comparison_options import options_of_comparison
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.noise_option import NOISE, held_against, read_noise
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.store_option import kept_folder, readable_contents, store_option
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, RunInvalidError, UsageError
from atlas_perf.history.errors import NoKeptRunError
from atlas_perf.history.kept_files import KEPT_FILE
from atlas_perf.history.like_sessions import like_sessions
from atlas_perf.history.sessions import SESSION_PAUSE, of_entry, of_results, pause_between
from atlas_perf.judge.comparison.compare import compare as compare_runs
from atlas_perf.judge.comparison.compare import compare_with_history
from atlas_perf.judge.comparison.decision import LEAST_PAIRS, LEAST_SESSIONS
from atlas_perf.judge.comparison.likeness import unlikeness, unusable
from atlas_perf.model.comparison import Comparison, Quantity, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import comparison_to_json, render_comparison
from atlas_perf.report.run_files import NoRunError, RunFiles, read_run, read_summary

_ONE_EACH = 2

Names = tuple[list[str], list[str]]  # of the runs on both sides, as they were given

_HELP = """Say whether a candidate is worse than its base, from their results folders.

With 3 or more pairs, best 5, run in turns on one machine: FAIL if a primary metric is worse beyond
the margin, PASS if all are shown not to be, INCONCLUSIVE otherwise, with the number of pairs that
would decide. Each is wrong at most 5 % of the time. One run per side can only advise.

A BASE may be a kept run, as 'baseline:main'. With --history there is no BASE: the candidate is held
against 8 or more kept sessions of runs that are alike.
"""

_EPILOG = """\b
Examples:
  atlas-perf compare results/base results/new            one run each: advice
  atlas-perf compare b1 b2 b3 --candidate c1 --candidate c2 --candidate c3
                                                         pairs b1-c1, b2-c2, b3-c3: a verdict
  atlas-perf compare baseline:main results/new           a kept run and a new one: advice
  atlas-perf compare --history results/new               kept sessions and a new one: a verdict
  atlas-perf compare base new --primary 'http_req_duration{name:buy} p(99)' --margin 10

\b
Exit codes: 0 no worse, or inconclusive (with a warning); 1 worse; 2 the command is wrong;
  3 a run is invalid, cut short, unreadable or unlike the others; 4 there is no base, or no data;
  5 inconclusive with --require-non-inferiority.
"""


@click.command(
    "compare",
    cls=SectionCommand,
    short_help="Is one build slower than another?",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument(
    "base", nargs=-1, required=True, metavar="BASE… [CANDIDATE]", type=click.Path(path_type=Path)
)
@click.option(
    "--candidate",
    "-c",
    "candidates",
    cls=SectionOption,
    section="Runs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Results of the candidate, once for each BASE and in the order of these.",
)
@click.option(
    "--history",
    "with_history",
    cls=SectionOption,
    section="Runs",
    is_flag=True,
    help="Hold the runs named, of one session, against the kept sessions.",
)
@store_option("Runs")
@options_of_comparison
@NOISE
@click.option(
    "--json",
    "as_json",
    cls=SectionOption,
    section="Output",
    is_flag=True,
    help="Print JSON instead of the table.",
)
def compare(
    *,
    base: tuple[Path, ...],
    candidates: tuple[Path, ...],
    with_history: bool,
    store: Path,
    primary: tuple[Quantity, ...],
    margin: float,
    error_margin: float,
    require_non_inferiority: bool,
    noise: Path | None,
    as_json: bool,
) -> ExitCode:
    terms = Terms(
        margin=margin,
        error_margin=error_margin,
        primary=primary,
        require_non_inferiority=require_non_inferiority,
    )
    if noise is not None and with_history:
        raise UsageError("--noise is for bases that are named: --history shows its own noise")
    known = None if noise is None else read_noise(noise)
    try:
        if with_history:
            result, names = _with_history((*base, *candidates), store, terms)
        else:
            result, names = _with_base(*_sides(base, candidates), store, terms, known)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if as_json:
        show(comparison_to_json(result, *names))
    else:
        show(
            render_comparison(result, *names, colour=wants_colour(sys.stdout), width=report_width())
        )
    if result.verdict is Verdict.INCONCLUSIVE and result.exit_code is ExitCode.PASS:
        say("warning: nothing is shown either way; exit code 0 does not mean that all is well")
    return result.exit_code


def _with_base(
    bases: Sequence[Path],
    candidates: Sequence[Path],
    store: Path,
    terms: Terms,
    noise: Noise | None,
) -> tuple[Comparison, Names]:
    """Runs of a base, kept ones among them, and as many of a candidate."""
    new = [_read(kept_folder(folder, store), base=False) for folder in candidates]
    scenario = new[0].summary.name
    old = [_read(kept_folder(folder, store, scenario), base=True) for folder in bases]
    _refuse_one_twice(old, new)
    _refuse_unlike(old, new)
    for one, other in zip(old, new, strict=True):
        pause = pause_between(one, other)
        if pause > SESSION_PAUSE:
            say(
                f"warning: {_pause_text(pause)} between {one.path} and {other.path}: what the "
                "machine was doing then and now differs too, and in simulations one in four such "
                "comparisons was a false alarm; run both builds in turns"
            )
    if noise is not None:
        terms = held_against(noise, terms, [one.summary for one in old])
    found = compare_runs([one.sketches for one in old], [one.sketches for one in new], terms)
    return found, ([str(one) for one in bases], [str(one) for one in candidates])


def _with_history(folders: Sequence[Path], store: Path, terms: Terms) -> tuple[Comparison, Names]:
    """Runs of one session, and the kept sessions of runs that are alike."""
    new = [_read(kept_folder(folder, store), base=False) for folder in folders]
    _refuse_one_twice([], new)
    _refuse_unlike([], new)
    kept = [of_entry(one) for one in readable_contents(store).entries]
    like = like_sessions(kept, [of_results(one) for one in new])
    if len(like.sessions) < LEAST_SESSIONS:
        unlike = f"; others differ in {like.passed_over}" if like.passed_over else ""
        raise NoKeptRunError(
            f"no baseline: {len(like.sessions)} sessions like it are kept in {store}, and it "
            f"takes {LEAST_SESSIONS}{unlike}"
        )
    found = compare_with_history(
        [[run.files.sketches for run in session] for session in like.sessions],
        [one.sketches for one in new],
        terms,
    )
    runs = [str(run.files.path) for session in like.sessions for run in session]
    return found, (runs, [str(one) for one in folders])


def _pause_text(pause: timedelta) -> str:
    days, hours = round(pause / timedelta(days=1)), round(pause / timedelta(hours=1))
    if days > 1:
        return f"{days} days"
    return f"{hours} hours" if hours > 1 else "more than an hour"


def _refuse_one_twice(bases: Sequence[RunFiles], candidates: Sequence[RunFiles]) -> None:
    """A run that was kept is in two places."""
    for one, other in combinations((*bases, *candidates), 2):
        kept = any((each.path / KEPT_FILE).exists() for each in (one, other))
        if one.path.resolve() == other.path.resolve() or (
            kept
            and one.summary.started_at == other.summary.started_at
            and one.sketches == other.sketches
        ):
            raise UsageError(
                f"{one.path} and {other.path} are one run: compared with itself it shows nothing"
            )


def _sides(
    base: tuple[Path, ...], candidates: tuple[Path, ...]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    if not candidates:
        if len(base) != _ONE_EACH:
            raise UsageError(
                "name a BASE and a CANDIDATE, or several bases and as many --candidate"
            )
        base, candidates = base[:1], base[1:]
    if len(base) != len(candidates):
        raise UsageError(
            f"{len(base)} bases and {len(candidates)} candidates: pairs need as many of each"
        )
    if 1 < len(base) < LEAST_PAIRS:
        raise UsageError(
            f"{len(base)} pairs are too few to know how much runs differ: give {LEAST_PAIRS} or "
            "more, best 5, or one for advice"
        )
    folders = [folder.resolve() for folder in (*base, *candidates)]
    for folder, written in zip(folders, (*base, *candidates), strict=True):
        if folders.count(folder) > 1:
            raise UsageError(f"{written} is named twice: a run compared with itself shows nothing")
    return base, candidates


def _read(folder: Path, *, base: bool) -> RunFiles:
    side = "base" if base else "candidate"
    try:
        reason = unusable(read_summary(folder))
        if reason is not None:
            raise RunInvalidError(f"the {side} {folder} cannot be compared: {reason}")
        return read_run(folder)
    except NoRunError as error:
        if base:
            raise NoRunError(f"no baseline: {error}") from None
        raise UsageError(f"no candidate: {error}") from None


def _refuse_unlike(bases: Sequence[RunFiles], candidates: Sequence[RunFiles]) -> None:
    first, *others = (*bases, *candidates)
    for other in others:
        difference = unlikeness((first.summary, first.sketches), (other.summary, other.sketches))
        if difference is not None:
            raise RunInvalidError(
                f"{first.path} and {other.path} cannot be compared: they differ in {difference}"
            )
