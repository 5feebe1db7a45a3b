"""`atlas-perf report`: the page of a run made again, two runs laid over each other, or many."""

from __future__ import annotations

from pathlib import Path

import click

from atlas_perf.cli.streams import show
from atlas_perf.cli.suggestions import SuggestingCommand
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.results_folder import REPORT_FILE, ResultsFolder
from atlas_perf.report.run_files import read_run

_HELP = """Make the HTML report of finished runs from their results folders.

One folder: the page that each run leaves as report.html, made again from its summary.json and
sketches.msgpack. The page is one file, opens offline and asks no server for anything.
"""

_EPILOG = """\b
Examples:
  atlas-perf report results/20261123T140512Z-api         the page of one run again
  atlas-perf report results/20261123T140512Z-api -o page.html

\b
Exit codes: 0 the page was written, whatever the verdicts in it; 2 the command is wrong; 3 a run
cannot be read, or the page not written; 4 a folder holds no finished run.
"""


@click.command(
    "report",
    cls=SuggestingCommand,
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
    help="Where the page goes (default: report.html in the results folder).",
)
def report(results: tuple[Path, ...], output: Path | None) -> None:
    run = read_run(results[0])
    page = run_page(run.summary, run.sketches)
    folder, name = (results[0], REPORT_FILE) if output is None else (output.parent, output.name)
    ResultsFolder(folder).put(name, page)
    show(f"{folder / name}\n")
