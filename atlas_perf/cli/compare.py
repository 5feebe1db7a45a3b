"""`atlas-perf compare`: is one build slower than another, from the results of their runs?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from atlas_perf.cli.comparison_options import options_of_comparison
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.noise_option import NOISE, read_noise, warn_of_noise
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, RunInvalidError, UsageError
from atlas_perf.judge.comparison.compare import compare as compare_runs
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.judge.comparison.likeness import fingerprint, unlikeness, unusable
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.model.noise import Noise
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import comparison_to_json, render_comparison
from atlas_perf.report.run_files import NoRunError, RunFiles, read_run, read_summary

_ONE_EACH = 2

_HELP = """Say whether a candidate is worse than its base, from their results folders.

With 3 or more pairs, best 5, run in turns on one machine: FAIL if a primary metric is worse beyond
the margin, PASS if all are shown not to be, INCONCLUSIVE otherwise, with the number of pairs that
would decide. Each is wrong at most 5 % of the time. One run per side can only advise.
"""

_EPILOG = """\b
Examples:
  atlas-perf compare results/base results/new            one run each: advice
  atlas-perf compare b1 b2 b3 --candidate c1 --candidate c2 --candidate c3
                                                         pairs b1-c1, b2-c2, b3-c3: a verdict
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
    primary: tuple[Quantity, ...],
    margin: float,
    error_margin: float,
    require_non_inferiority: bool,
    noise: Path | None,
    as_json: bool,
) -> ExitCode:
    bases, candidates = _sides(base, candidates)
    read_bases = [_read(folder, base=True) for folder in bases]
    read_candidates = [_read(folder, base=False) for folder in candidates]
    _refuse_unlike(read_bases, read_candidates)
    terms = Terms(
        margin=margin,
        error_margin=error_margin,
        primary=primary,
        require_non_inferiority=require_non_inferiority,
    )
    if noise is not None:
        terms = _held_against(read_noise(noise), terms, read_bases)
    try:
        result = compare_runs(
            [one.sketches for one in read_bases],
            [one.sketches for one in read_candidates],
            terms,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    names = [str(one) for one in bases], [str(one) for one in candidates]
    if as_json:
        show(comparison_to_json(result, *names))
    else:
        show(
            render_comparison(result, *names, colour=wants_colour(sys.stdout), width=report_width())
        )
    if result.verdict is Verdict.INCONCLUSIVE and result.exit_code is ExitCode.PASS:
        say("warning: nothing is shown either way; exit code 0 does not mean that all is well")
    return result.exit_code


def _held_against(noise: Noise, terms: Terms, bases: Sequence[RunFiles]) -> Terms:
    """The terms with what is known of runs here; a margin below it is warned of."""
    here = fingerprint(bases[0].summary)
    other = [name for name, value in noise.facts.items() if here.get(name) != value]
    if other:
        say(f"warning: the noise was measured with another {other[0]}: it may not hold for these")
    if len(bases) > 1:
        warn_of_noise(noise, terms, len(bases))
        return terms
    known = [one.run_sd for one in noise.metrics if one.primary and one.is_time and one.run_sd]
    return replace(terms, run_sd=max(known)) if known else terms


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
