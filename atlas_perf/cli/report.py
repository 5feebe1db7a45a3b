"""`atlas-perf report`: the page of a run made again, two runs laid over each other, or many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import show
from atlas_perf.errors import UsageError
from atlas_perf.history.earlier_runs import earlier_runs
from atlas_perf.history.store import DEFAULT_STORE
from atlas_perf.judge.comparison.compare import compare
from atlas_perf.judge.comparison.likeness import unlikeness, unusable
from atlas_perf.model.comparison import Comparison, Terms
from atlas_perf.report.html.compare_page import compare_page
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.html.trend_page import trend_page
from atlas_perf.report.results_folder import REPORT_FILE, SUMMARY_FILE, ResultsFolder
from atlas_perf.report.run_files import RunFiles, read_run, read_summary

COMPARISON_FILE = "comparison.html"
TREND_FILE = "trend.html"
_BOTH = 2

_HELP = """Make an HTML page of finished runs from their results folders.

One folder: the page that each run leaves as report.html, made again. Two: a base and a candidate
laid over each other, with what changed. More, or a folder of folders: how runs went from one to
the next. A page is one file, opens offline and asks no server for anything.
"""

_EPILOG = """\b
Examples:
  atlas-perf report results/20261123T140512Z-api         the page of one run again
  atlas-perf report results/base results/new             what changed: comparison.html
  atlas-perf report results                              all runs in it: trend.html
  atlas-perf report r1 r2 r3 -o week.html

\b
Exit codes: 0 the page was written, whatever the verdicts in it; 2 the command is wrong; 3 a run
cannot be read, or the page not written; 4 a folder holds no finished run.
"""


@click.command(
    "report",
    cls=SectionCommand,
    short_help="The HTML page of a run, or of several.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS..."
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the page goes (default: report.html in the results folder of one run, else "
    "comparison.html or trend.html here).",
)
def report(results: tuple[Path, ...], output: Path | None) -> None:
    folders = _folders(results)
    if len(folders) == 1:
        run = read_run(folders[0])
        earlier = earlier_runs(folders[0], run.summary, (DEFAULT_STORE,))
        page, place = run_page(run.summary, run.sketches, earlier), folders[0] / REPORT_FILE
    elif len(folders) == _BOTH and tuple(folders) == results:
        base, candidate = (read_run(folder) for folder in folders)
        page, place = _compared(base, candidate), Path(COMPARISON_FILE)
    else:
        runs = [(str(folder), read_summary(folder)) for folder in folders]
        page, place = trend_page(runs), Path(TREND_FILE)
    place = output or place
    ResultsFolder(place.parent).put(place.name, page)
    show(f"{place}\n")


def _folders(results: Sequence[Path]) -> list[Path]:
    """Each run's folder; of a folder of runs all that are in it."""
    folders: list[Path] = []
    for path in results:
        inside = sorted(file.parent for file in path.glob(f"*/{SUMMARY_FILE}"))
        folders += inside if inside and not (path / SUMMARY_FILE).exists() else [path]
    resolved = [folder.resolve() for folder in folders]
    for folder, real in zip(folders, resolved, strict=True):
        if resolved.count(real) > 1:
            raise UsageError(f"{folder} is named twice: name each run once")
    return folders


def _compared(base: RunFiles, candidate: RunFiles) -> str:
    """Runs that are unlike are shown side by side, and nothing is concluded from them."""
    found = _comparison(base, candidate)
    if isinstance(found, str):
        return compare_page(base, candidate, None, found)
    return compare_page(base, candidate, found)


def _comparison(base: RunFiles, candidate: RunFiles) -> Comparison | str:
    for side, run in (("base", base), ("candidate", candidate)):
        reason = unusable(run.summary)
        if reason is not None:
            return f"The {side} {run.path} cannot be compared: {reason}."
    difference = unlikeness((base.summary, base.sketches), (candidate.summary, candidate.sketches))
    if difference is not None:
        return f"The runs differ in {difference}."
    try:
        return compare([base.sketches], [candidate.sketches], Terms())
    except ValueError as error:
        return f"The runs cannot be compared: {error}."
