"""`atlas-perf ab`: run two builds in turns on this machine, and compare them."""

from __future__ import annotations

from typing import Any

import click

from atlas_perf.cli.ab_session import AbRequest, compare_builds
from atlas_perf.cli.comparison_options import options_of_comparison
from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.noise_option import NOISE, read_noise
from atlas_perf.cli.option_types import whole_number
from atlas_perf.cli.repeated_options import (
    BUILD,
    BUILDS,
    RUNS,
    options_of_output,
    options_of_runs,
)
from atlas_perf.cli.repeated_runs import Serving
from atlas_perf.cli.requested import requested
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.served_build import Build
from atlas_perf.errors import ExitCode
from atlas_perf.judge.comparison.decision import LEAST_PAIRS
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.units import NS_PER_S

_HELP = """Run two builds in turns on this machine, and say whether the candidate is worse.

A build is the URL where it listens, or a command that serves it: it is started afresh for each run
with its port in {port} and in the variable PORT, and stopped after it. 'embedded' is the reference
target. Which one of a pair runs first, a coin decides. What comes of it is judged as by 'compare':
FAIL, PASS or INCONCLUSIVE, each wrong at most 5 % of the time.
"""

_EPILOG = """\b
Examples:
  atlas-perf ab api --base './old --port {port}' --candidate './new --port {port}'
  atlas-perf ab my.py --base http://localhost:8001 --candidate http://localhost:8002 -d 2m
  atlas-perf ab api --base 'java -jar old.jar' --candidate 'java -jar new.jar' --ready-path /health
  atlas-perf ab api --base embedded --candidate embedded --pairs 3 -d 30s --extend

\b
Exit codes: 0 no worse, or inconclusive (with a warning); 1 worse; 2 the command is wrong;
  3 a build did not come up or fell over, or a run proves nothing; 4 no data to compare;
  5 inconclusive with --require-non-inferiority; 130 interrupted, and the runs made stay.
"""


@click.command(
    "ab",
    cls=SectionCommand,
    short_help="Run two builds in turns, and compare them.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenario", required=False, type=ScenarioName(), metavar="[SCENARIO|FILE.py]")
@click.option(
    "--base",
    cls=SectionOption,
    section=BUILDS,
    type=BUILD,
    required=True,
    metavar="URL|COMMAND",
    help="What the candidate is held against.",
)
@click.option(
    "--candidate",
    cls=SectionOption,
    section=BUILDS,
    type=BUILD,
    required=True,
    metavar="URL|COMMAND",
    help="What is to be released.",
)
@click.option(
    "--pairs",
    cls=SectionOption,
    section=RUNS,
    type=whole_number(LEAST_PAIRS, 100),
    default=5,
    metavar="K",
    help=f"Runs of each build, {LEAST_PAIRS} to 100 (default: 5). Decide it before you look.",
)
@click.option(
    "--extend",
    cls=SectionOption,
    section=RUNS,
    is_flag=True,
    help="If they are INCONCLUSIVE, make as many pairs again, once. Each of the two looks then "
    "has half of the 5 %.",
)
@options_of_runs
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
@options_of_output
@click.pass_context
def ab(
    ctx: click.Context,
    /,
    *,
    scenario: str | None,
    base: Build,
    candidate: Build,
    pairs: int,
    extend: bool,
    ready_path: str,
    ready_within_ns: int,
    primary: tuple[Quantity, ...],
    margin: float,
    error_margin: float,
    require_non_inferiority: bool,
    noise: Any,
    as_json: bool,
    **options: Any,
) -> ExitCode:
    terms = Terms(
        margin=margin,
        error_margin=error_margin,
        primary=primary,
        require_non_inferiority=require_non_inferiority,
    )
    return compare_builds(
        AbRequest(
            run=requested(ctx, scenarios=(scenario or "api",), **options),
            base=base,
            candidate=candidate,
            pairs=pairs,
            extend=extend,
            terms=terms,
            serving=Serving(ready_path, ready_within_ns / NS_PER_S),
            noise=None if noise is None else read_noise(noise),
            as_json=as_json,
        )
    )
