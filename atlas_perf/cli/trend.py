"""`atlas-perf trend`: where the level of a metric changed over the runs that were kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from atlas_perf.cli.comparison_options import PERCENT, QUANTITY
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.kept_runs import run_folders
from atlas_perf.cli.option_types import whole_number
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.store_option import store_option
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import AtlasPerfError, ExitCode
from atlas_perf.history.change_points import require_library
from atlas_perf.history.sessions import DatedRun, of_entry, of_results
from atlas_perf.history.store import Store
from atlas_perf.history.trend import RECENT_POINTS, TrendTerms, trend_of
from atlas_perf.judge.comparison.likeness import unusable
from atlas_perf.model.comparison import Quantity
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.run_files import read_run, read_summary
from atlas_perf.report.trend import render_trend, trend_to_json
from atlas_perf.report.trend_svg import trend_svg

_HELP = """Find where the level of a metric changed, over kept runs and RESULTS as time went.

Runs that are alike (load, generator, machine) make a series, and runs of one build within an hour
one session, whose median counts. From 20 sessions on Apache Otava looks for change points. It
advises: whether a build is slower, 'compare' says from pairs of runs.
"""

_EPILOG = """\b
Examples:
  atlas-perf trend                                    the kept runs
  atlas-perf trend results --scenario api             and those of a folder
  atlas-perf trend --metric 'http_req_duration p(99)' --margin 10
  atlas-perf trend --svg trend.svg --json --fail-on-regression

\b
Exit codes: 0 looked at, with a warning if something recent is worse; 1 so with
  --fail-on-regression; 2 wrong usage, or the extra 'history' is not installed; 3 the store cannot
  be read, or FILE not written; 4 not enough history.
"""


@click.command(
    cls=SectionCommand,
    short_help="Where did a metric change over the kept runs?",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("results", nargs=-1, type=click.Path(path_type=Path), metavar="[RESULTS]...")
@store_option("Runs")
@click.option(
    "--scenario",
    "scenarios",
    cls=SectionOption,
    section="Runs",
    multiple=True,
    metavar="NAME",
    help="Only runs of this scenario. Repeatable.",
)
@click.option(
    "--metric",
    "metrics",
    cls=SectionOption,
    section="What is looked at",
    multiple=True,
    type=QUANTITY,
    metavar="'METRIC STAT'",
    help="'http_req_duration p(99)', 'http_req_failed rate' (default: what 'compare' judges by).",
)
@click.option(
    "--margin",
    cls=SectionOption,
    section="What is looked at",
    type=PERCENT,
    default="5",
    show_default=True,
    metavar="%",
    help="A time that changed by less is the same.",
)
@click.option(
    "--error-margin",
    cls=SectionOption,
    section="What is looked at",
    type=PERCENT,
    default="0.5",
    show_default=True,
    metavar="%",
    help="So is a share that changed by fewer percentage points.",
)
@click.option(
    "--recent",
    cls=SectionOption,
    section="What is looked at",
    type=whole_number(1),
    default=RECENT_POINTS,
    show_default=True,
    metavar="N",
    help="Changes for the worse in the last N sessions are warned of; older ones are listed.",
)
@click.option(
    "--fail-on-regression",
    cls=SectionOption,
    section="Output",
    is_flag=True,
    help="End with 1 where a warning would be said.",
)
@click.option(
    "--json",
    "as_json",
    cls=SectionOption,
    section="Output",
    is_flag=True,
    help="Print JSON instead of tables and pictures.",
)
@click.option(
    "--svg",
    cls=SectionOption,
    section="Output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the pictures there, as SVG.",
)
def trend(
    *,
    results: tuple[Path, ...],
    store: Path,
    scenarios: tuple[str, ...],
    metrics: tuple[Quantity, ...],
    margin: float,
    error_margin: float,
    recent: int,
    fail_on_regression: bool,
    as_json: bool,
    svg: Path | None,
) -> ExitCode:
    require_library()
    runs, left_out = _runs(store, results, scenarios)
    terms = TrendTerms(margin, error_margin, metrics, recent, fail_on_regression)
    found = trend_of(runs, terms, left_out)
    if svg is not None:
        _write(svg, trend_svg(found))
    if as_json:
        show(trend_to_json(found))
    else:
        show(render_trend(found, colour=wants_colour(sys.stdout), width=report_width()))
    if found.regressions and found.exit_code is ExitCode.PASS:
        say(
            "warning: a recent change for the worse; exit code 0 does not mean that all is well: "
            "confirm it with pairs of runs ('atlas-perf compare')"
        )
    return found.exit_code


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ResultsWriteError(
            f"the picture cannot be written to {file}: {error.strerror or error}"
        ) from None


def _runs(
    store: Path, results: Sequence[Path], scenarios: Sequence[str]
) -> tuple[list[DatedRun], list[str]]:
    """Every run that counts, and a sentence for each that does not."""
    contents = Store(store).contents()
    runs, left_out = [of_entry(one) for one in contents.entries], list(contents.unreadable)
    for folder in [one for path in results for one in run_folders(path)]:
        try:
            reason = unusable(read_summary(folder))
            if reason is None:
                runs.append(of_results(read_run(folder)))
            else:
                left_out.append(f"{folder}: {reason}")
        except AtlasPerfError as error:
            left_out.append(str(error))
    wanted = [one for one in runs if not scenarios or one.files.summary.name in scenarios]
    return wanted, left_out
