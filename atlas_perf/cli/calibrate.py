"""`atlas-perf calibrate`: how much runs of one build differ here, which a comparison must beat."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from atlas_perf.cli.comparison_options import ERROR_MARGIN, MARGIN, PRIMARY
from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.option_types import whole_number
from atlas_perf.cli.repeated_options import (
    BUILD,
    BUILDS,
    RUNS,
    options_of_output,
    options_of_runs,
)
from atlas_perf.cli.repeated_runs import (
    InterruptedRunsError,
    RepeatedRuns,
    Serving,
    UnusableRunError,
    only_scenario,
)
from atlas_perf.cli.requested import requested
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.served_build import Build, read_build
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import AtlasPerfError, ExitCode, RunInvalidError, UsageError
from atlas_perf.judge.comparison.compare import compare, refuse_too_many
from atlas_perf.judge.comparison.likeness import made_with
from atlas_perf.judge.comparison.noise import LEAST_RUNS, noise_of
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.report.noise import NOISE_FILE, noise_to_json, render_noise
from atlas_perf.report.results_folder import CONSOLE_FILE, CONSOLE_WIDTH, ResultsFolder
from atlas_perf.report.run_files import RunFiles
from atlas_perf.units import NS_PER_S

_TO_COMPARE = 2

_HELP = """Run one build against itself, and say how much its runs differ (A/A).

What comes of it: the deviation between runs of each metric, how often equal builds were said to
differ, and the smallest change that 3, 5 and 10 pairs can show on this machine. It is kept in
noise.json, which 'compare' and 'ab' read with --noise.

This is about runs. What the generator itself can do is 'run --calibrate' and 'doctor --load'.
"""

_EPILOG = """\b
Examples:
  atlas-perf calibrate api --aa 10 -d 1m
  atlas-perf calibrate my.py --aa 10 --build './serve --port {port}' --margin 10
  atlas-perf calibrate my.py --aa 6 --build http://localhost:8088 -d 30s

\b
Exit codes: 0 it is measured; 2 the command is wrong; 3 the build did not come up, or a run proves
  nothing; 130 interrupted, and the runs made stay.
"""


@click.command(
    "calibrate",
    cls=SectionCommand,
    short_help="How much do runs of one build differ here?",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenario", required=False, type=ScenarioName(), metavar="[SCENARIO|FILE.py]")
@click.option(
    "--build",
    cls=SectionOption,
    section=BUILDS,
    type=BUILD,
    default="embedded",
    metavar="URL|COMMAND",
    help="What is run against itself: a URL, a command with {port}, or 'embedded' (default: the "
    "reference target).",
)
@click.option(
    "--aa",
    "runs",
    cls=SectionOption,
    section=RUNS,
    type=whole_number(LEAST_RUNS, 200),
    default=10,
    metavar="N",
    help=f"How many runs, {LEAST_RUNS} to 200 (default: 10).",
)
@options_of_runs
@PRIMARY
@MARGIN
@ERROR_MARGIN
@click.option(
    "--json",
    "as_json",
    cls=SectionOption,
    section="Output",
    is_flag=True,
    help="Print JSON instead of the table.",
)
@options_of_output
@click.pass_context
def calibrate(
    ctx: click.Context,
    /,
    *,
    scenario: str | None,
    build: Build | str,
    runs: int,
    ready_path: str,
    ready_within_ns: int,
    primary: tuple[Quantity, ...],
    margin: float,
    error_margin: float,
    as_json: bool,
    **options: Any,
) -> ExitCode:
    request = requested(ctx, scenarios=(scenario or "api",), **options)
    name = only_scenario(request)
    terms = Terms(margin=margin, error_margin=error_margin, primary=primary)
    if isinstance(build, str):
        build = read_build(build)
    try:
        refuse_too_many(primary)
    except ValueError as error:
        raise UsageError(str(error)) from None
    seed = random.randrange(2**31) if request.seed is None else request.seed
    with StopSignals() as signals:
        repeated = RepeatedRuns(request, signals, Serving(ready_path, ready_within_ns / NS_PER_S))
        repeated.refuse_wrong_builds((build,))
        stem = name.rpartition("/")[2].removesuffix(".py")
        folder = ResultsFolder.create(request.results_dir, f"{stem}-aa", datetime.now(UTC))
        signals.hold()
        if not request.quiet:
            say(f"{name}: {repeated.lengths_text(runs)}")
        made: list[RunFiles] = []
        try:
            for number in range(1, runs + 1):
                # Neighbours ask the same things, as the runs of a pair do.
                made.append(_one(repeated, build, folder, number, seed + (number - 1) // 2))
                if number == _TO_COMPARE:
                    _refuse_unjudged(made, terms)
        except InterruptedRunsError:
            say(f"interrupted: {len(made)} of {runs} runs are in {folder.path}")
            return ExitCode.INTERRUPTED
        except AtlasPerfError:
            say(f"{len(made)} of {runs} runs are in {folder.path}")
            raise
        try:
            noise = noise_of(
                [one.sketches for one in made],
                terms,
                scenario=made[0].summary.name,
                facts=made_with(made[0].summary),
            )
        except ValueError as error:
            raise UsageError(str(error)) from None
        folder.put(CONSOLE_FILE, render_noise(noise, colour=False, width=CONSOLE_WIDTH))
        folder.put(NOISE_FILE, noise_to_json(noise))
        show(
            noise_to_json(noise)
            if as_json
            else render_noise(noise, colour=wants_colour(sys.stdout), width=report_width())
        )
        if not request.quiet:
            say(f"results: {folder.path}, for --noise of 'ab' and 'compare'")
        return ExitCode.PASS


def _one(
    repeated: RepeatedRuns, build: Build, folder: ResultsFolder, number: int, seed: int
) -> RunFiles:
    """One run, which is made again, once, if it proves nothing."""
    name, label = f"run-{number:02}", f"run {number}"
    try:
        return repeated.run(build, folder=folder.path, name=name, label=label, seed=seed)
    except UnusableRunError as error:
        say(f"warning: run {number} is made again, since {error}")
    try:
        return repeated.run(build, folder=folder.path, name=f"{name}-again", label=label, seed=seed)
    except UnusableRunError as error:
        raise RunInvalidError(
            f"run {number} proves nothing, and neither did it the first time: {error}"
        ) from None


def _refuse_unjudged(made: Sequence[RunFiles], terms: Terms) -> None:
    """A metric that cannot gate is refused after two runs, and not after all of them."""
    base, candidate = (one.sketches for one in made)
    try:
        compare([base], [candidate], terms)
    except ValueError as error:
        raise UsageError(str(error)) from None
