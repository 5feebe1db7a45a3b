"""`atlas-perf compare`: is one build slower than another, from the results of their runs?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from atlas_perf.cli.comparison_options import options_of_comparison
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.noise_option import NOISE, read_noise
from atlas_perf.cli.option_types import Written
from atlas_perf.cli.runs_compared import Asked, compare_sides, compare_with_kept, told_in
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.store_option import store_option
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.k6_results.steady import Steady, read_steady
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.comparison import comparison_to_json, render_comparison
from atlas_perf.report.reports_folder import ReportsFolder, comparison_files

_ONE_EACH = 2


_HELP = """Say whether a candidate is worse than its base, from their results folders.

With 3 or more pairs, best 5, run in turns on one machine: FAIL if a primary metric is worse beyond
the margin, PASS if all are shown not to be, INCONCLUSIVE otherwise, with the number of pairs that
would decide. Each is wrong at most 5 % of the time. One run per side can only advise.

A BASE may be a kept run, as 'baseline:main'. With --history there is no BASE: the candidate is held
against 8 or more kept sessions of runs that are alike. Instead of folders the runs may be files of
k6, of --out json or summaries, all of one kind.
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

STEADY = Written("part", read_steady)


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
    "--k6-steady",
    "steady",
    cls=SectionOption,
    section="Runs",
    type=STEADY,
    metavar="FROM-TO|all",
    help="What to compare of files of k6, from its first sample on: 30s-2m30s (default: all).",
)
@click.option(
    "--json",
    "as_json",
    cls=SectionOption,
    section="Output",
    is_flag=True,
    help="Print JSON instead of the table.",
)
@click.option(
    "--reports",
    cls=SectionOption,
    section="Output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write junit.xml, summary.md, metrics.txt, gl-code-quality-report.json and "
    "comparison.json there, in place of older ones.",
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
    steady: Steady | None,
    as_json: bool,
    reports: Path | None,
) -> ExitCode:
    folder = None if reports is None else ReportsFolder(reports)
    terms = Terms(
        margin=margin,
        error_margin=error_margin,
        primary=primary,
        require_non_inferiority=require_non_inferiority,
    )
    if noise is not None and with_history:
        raise UsageError("--noise is for bases that are named: --history shows its own noise")
    asked = Asked(
        store=store,
        steady=steady,
        primary=primary,
        noise=None if noise is None else read_noise(noise),
    )
    with told_in(folder):
        try:
            if with_history:
                found = compare_with_kept((*base, *candidates), store, terms)
            else:
                found = compare_sides(*_sides(base, candidates), asked=asked, terms=terms)
        except ValueError as error:
            raise UsageError(str(error)) from None
    result, names = found.comparison, (found.bases, found.candidates)
    if folder is not None:
        folder.write(comparison_files(result, *names, file=found.file))
    if as_json:
        show(comparison_to_json(result, *names))
    else:
        show(
            render_comparison(result, *names, colour=wants_colour(sys.stdout), width=report_width())
        )
    if result.verdict is Verdict.INCONCLUSIVE and result.exit_code is ExitCode.PASS:
        say("warning: nothing is shown either way; exit code 0 does not mean that all is well")
    return result.exit_code


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
