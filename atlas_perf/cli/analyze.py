"""`atlas-perf analyze`: results of runs that are over, judged together by a baseline file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from atlas_perf.choices import did_you_mean
from atlas_perf.cli.baselines import baselines_named
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.streams import show, wants_colour
from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.judge.baselines.analysis import analyse
from atlas_perf.model.baseline import BaselineSet
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.analysis import render_analysis
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.results_folder import SUMMARY_FILE
from atlas_perf.report.summary_json import summary_from_json

_HELP = """Judge finished runs by the baselines, all scenarios together: one verdict.

RESULTS is a run's folder, its summary.json, or a folder of such folders, of which the newest run
of each scenario counts. A row whose scenario has no run is NO_DATA, so that a missing run is never
a pass; --scenario leaves the rows of the others out.
"""

_EPILOG = """\b
Examples:
  atlas-perf analyze results                          the newest run of each scenario
  atlas-perf analyze results/20261123T140512Z-api --scenario api
  atlas-perf analyze results --baselines our.toml     your own limits

\b
Exit codes: 0 every row held, 1 a row failed, 2 wrong usage or baseline file, 3 a run proves nothing
or cannot be read, 4 no data for a row, or no baseline for the runs.
"""


@click.command(
    short_help="Judge finished runs by the baselines: one verdict.", help=_HELP, epilog=_EPILOG
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
def analyze(results: tuple[Path, ...], file: Path | None, scenarios: tuple[str, ...]) -> ExitCode:
    baselines = baselines_named(file)
    _refuse_unknown_scenarios(baselines, scenarios)
    runs: dict[str, Summary] = {}
    unreadable: list[tuple[Verdict, str]] = []
    for path in results:
        found = list(_read(path))
        runs.update((str(folder), one) for folder, one in found if isinstance(one, Summary))
        unreadable += [one for _, one in found if not isinstance(one, Summary)]
    analysis = analyse(baselines, runs, unreadable=unreadable, only=scenarios)
    show(render_analysis(analysis, colour=wants_colour(sys.stdout), width=report_width()))
    return analysis.exit_code


def _refuse_unknown_scenarios(baselines: BaselineSet, scenarios: Sequence[str]) -> None:
    for name in scenarios:
        if name not in baselines.scenarios:
            hint = did_you_mean(name, baselines.scenarios)
            there = hint or f": there are some for {', '.join(baselines.scenarios)}"
            raise UsageError(f"{baselines.file}: no baseline belongs to scenario {name!r}{there}")


def _read(path: Path) -> Iterator[tuple[Path, Summary | tuple[Verdict, str]]]:
    """Each run of a path, or what keeps one from being looked at."""
    if not path.exists():
        raise UsageError(f"there is no results folder {path}")
    if path.is_file():
        yield path.parent, _summary(path)
    elif (path / SUMMARY_FILE).is_file():
        yield path, _summary(path / SUMMARY_FILE)
    else:
        yield from _newest(path)


def _newest(path: Path) -> Iterator[tuple[Path, Summary | tuple[Verdict, str]]]:
    """Of a folder of runs the last of each scenario, and every record that cannot be read."""
    files = sorted(path.glob(f"*/{SUMMARY_FILE}"))
    if not files:
        yield path, (Verdict.NO_DATA, f"{path} holds no run: there is no {SUMMARY_FILE} in it.")
    newest: dict[str, tuple[Path, Summary]] = {}
    for file in files:
        read = _summary(file)
        if not isinstance(read, Summary):
            yield file.parent, read
        elif read.name not in newest or newest[read.name][1].started_at <= read.started_at:
            newest[read.name] = (file.parent, read)
    yield from newest.values()


def _summary(file: Path) -> Summary | tuple[Verdict, str]:
    try:
        return summary_from_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        return Verdict.INVALID, f"{file} cannot be read: {error.strerror}."
    except (SummaryFormatError, UnicodeDecodeError) as error:
        return Verdict.INVALID, f"{file} is no record of a run: {error}."
