"""`atlas-perf analyze`: results of runs that are over, judged together by a baseline file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from atlas_perf.choices import did_you_mean
from atlas_perf.cli.baselines import baselines_named
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.option_types import Written
from atlas_perf.cli.runs_given import runs_at
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.judge.baselines.analysis import analyse
from atlas_perf.k6_results.steady import Steady, read_steady
from atlas_perf.model.baseline import BaselineSet
from atlas_perf.report.analysis import render_analysis
from atlas_perf.report.analysis_reports import analysis_to_json
from atlas_perf.report.reports_folder import ReportsFolder, analysis_files

_HELP = """Judge finished runs by the baselines, all scenarios together: one verdict.

RESULTS is a run's folder, its summary.json, or a folder of such folders, of which the newest run
of each scenario counts. It may be a file of k6, too: --out json, --summary-export or what
handleSummary is given; it is of the scenario that it is called after, or NAME=FILE says. A row
whose scenario has no run is NO_DATA, so that a missing run is never a pass; --scenario leaves the
rows of the others out.
"""

_EPILOG = """\b
Examples:
  atlas-perf analyze results                          the newest run of each scenario
  atlas-perf analyze results/20261123T140512Z-api --scenario api
  atlas-perf analyze results --baselines our.toml     your own limits
  atlas-perf analyze results --reports reports        JUnit and more for a pipeline
  atlas-perf analyze api=k6.json.gz --baselines our.toml --k6-steady 30s-2m30s

\b
Exit codes: 0 every row held, 1 a row failed, or a threshold of k6, 2 wrong usage or baseline file,
3 a run proves nothing or cannot be read, 4 no data for a row, or no baseline for the runs.
"""

STEADY = Written("part", read_steady)


@click.command(
    cls=SectionCommand,
    short_help="Judge finished runs by the baselines: one verdict.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument(
    "results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS..."
)
@click.option(
    "--baselines",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE|shipped",
    help="The rows to judge by (default: shipped).",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Only rows of this scenario. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write junit.xml, summary.md, metrics.txt, gl-code-quality-report.json and analysis.json "
    "there, in place of older ones.",
)
@click.option(
    "--k6-steady",
    "steady",
    type=STEADY,
    metavar="FROM-TO|all",
    help="When the steady phase of a k6 run was, from its first sample on: 30s-2m30s, or all.",
)
def analyze(
    *,
    results: tuple[Path, ...],
    file: Path | None,
    scenarios: tuple[str, ...],
    steady: Steady | None,
    as_json: bool,
    reports: Path | None,
) -> ExitCode:
    folder = None if reports is None else ReportsFolder(reports)
    baselines = baselines_named(file)
    _refuse_unknown_scenarios(baselines, scenarios)
    given = [run for path in results for run in runs_at(path, baselines, steady)]
    for note in (note for run in given for note in run.notes):
        say(f"warning: {note}")
    runs = {run.place: run.summary for run in given if run.summary is not None}
    analysis = analyse(
        baselines,
        runs,
        unreadable=[run.unreadable for run in given if run.unreadable is not None],
        only=scenarios,
        with_thresholds=[run.place for run in given if run.of_k6 and run.summary is not None],
    )
    if folder is not None:
        folder.write(analysis_files(analysis))
    if as_json:
        show(analysis_to_json(analysis))
    else:
        show(render_analysis(analysis, colour=wants_colour(sys.stdout), width=report_width()))
    return analysis.exit_code


def _refuse_unknown_scenarios(baselines: BaselineSet, scenarios: Sequence[str]) -> None:
    for name in scenarios:
        if name not in baselines.scenarios:
            hint = did_you_mean(name, baselines.scenarios)
            there = hint or f": there are some for {', '.join(baselines.scenarios)}"
            raise UsageError(f"{baselines.file}: no baseline belongs to scenario {name!r}{there}")
