"""`atlas-perf find-capacity`: how much load a target takes before an objective is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from atlas_perf.cli import load_options
from atlas_perf.cli.capacity_request import CapacityRequest
from atlas_perf.cli.capacity_session import find_capacity as carry_out
from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.option_types import COUNT, DURATION, SLO, number_within, whole_number
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.errors import ExitCode
from atlas_perf.model.plan import Spacing
from atlas_perf.units import NS_PER_S

_HELP = """Find how much load a target takes before an objective (SLO) is broken.

Steps of rising load, each a run of its own: double until the SLO is broken, halve the gap down to
the precision, and try both bounds again. The answer is an interval: the highest level that held
each time, and the lowest that broke each time. A step that the generator could not offer says
nothing about the target and never counts as its failure.
"""

_EPILOG = """\b
Examples:
  atlas-perf find-capacity --slo 'p(95)<300'
  atlas-perf find-capacity my.py --slo 'p(99)<500' --slo 'http_req_failed=rate<0.001'
  atlas-perf find-capacity my.py --slo 'p(95)<300' --rate-from 50 --rate-to 2000 --hold 30s
  atlas-perf find-capacity my.py --slo 'p(95)<300' --vus-from 5 --vus-to 400

\b
Exit codes: 0 the bounds, or that the SLO holds to the end; 1 broken at the first level;
2 wrong usage; 3 the generator's limit came first, or nothing is proven; 4 no data to judge;
130 interrupted, and what is known by then is told.
"""

Command = TypeVar("Command", bound=Callable[..., Any])

_WHAT, _LEVELS, _STEPS, _OUT = "Target", "Levels", "Steps", "Results"


def _option(section: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    return click.option(*names, cls=SectionOption, section=section, **settings)


@click.command(
    "find-capacity",
    cls=SectionCommand,
    short_help="Find how much load a target takes.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenario", required=False, type=ScenarioName(), metavar="[SCENARIO|FILE.py]")
@_option(
    _WHAT,
    "--slo",
    type=SLO,
    multiple=True,
    required=True,
    metavar="[METRIC=]EXPR",
    help="What must hold: an expression such as 'p(95)<300' is of the response time in ms (of "
    "http_req_duration with --vus-from); any metric of a threshold may be named. Repeatable.",
)
@load_options.ENVIRONMENT.under(_WHAT, help="Where the load goes, as for 'atlas-perf run'.")
@load_options.ENV.under(_WHAT)
@load_options.ALLOW_PRODUCTION.under(_WHAT)
@_option(
    _LEVELS,
    "--rate-from",
    type=COUNT,
    metavar="R",
    help="Iterations a second of the first step (default: 10).",
)
@_option(
    _LEVELS,
    "--rate-to",
    type=COUNT,
    metavar="R",
    help="Iterations a second that no step goes beyond (default: 10000).",
)
@_option(
    _LEVELS,
    "--max-vus",
    type=COUNT,
    metavar="N",
    help="Virtual users there may be to carry a rate (default: as many as arrive in four seconds, "
    "10000 at most). More are needed where one iteration takes longer than that.",
)
@_option(
    _LEVELS,
    "--spacing",
    type=SuggestingChoice([spacing.value for spacing in Spacing]),
    default=Spacing.UNIFORM.value,
    help="Arrivals evenly spaced (uniform, the default), or at random (poisson).",
)
@_option(
    _LEVELS,
    "--vus-from",
    type=COUNT,
    metavar="N",
    help="Search for a number of virtual users instead, who iterate in a closed loop, from here "
    "(default: 1).",
)
@_option(
    _LEVELS,
    "--vus-to",
    type=COUNT,
    metavar="N",
    help="Virtual users that no step goes beyond (default: 1000).",
)
@_option(
    _STEPS,
    "--hold",
    "hold_ns",
    type=DURATION,
    default=15 * NS_PER_S,
    metavar="TIME",
    help="How long each step is measured for (default: 15s). A rate just above the capacity "
    "needs long to show.",
)
@load_options.WARM_UP.under(
    _STEPS,
    default=5 * NS_PER_S,
    help="Load of the same level before that, which is not judged (default: 5s).",
)
@_option(
    _STEPS,
    "--rest",
    "rest_ns",
    type=DURATION,
    default=5 * NS_PER_S,
    metavar="TIME",
    help="Pause after a step that was too much (default: 5s).",
)
@_option(
    _STEPS,
    "--precision",
    type=number_within(0.005, 1.0),
    default=0.05,
    metavar="SHARE",
    help="How far apart the two bounds may be, as a share of the lower one, from "
    "0.005 to 1 (default: 0.05).",
)
@_option(
    _STEPS,
    "--repeats",
    type=whole_number(1, 20),
    default=2,
    metavar="N",
    help="How often each bound is tried, up to 20 (default: 2). Where repeats disagree the "
    "interval grows.",
)
@load_options.PROCESSES.under(_STEPS, help="Worker processes that share the load.")
@load_options.SEED.under(_STEPS, help="Start of every random choice; each step has one of its own.")
@load_options.IGNORE_PREFLIGHT.under(_STEPS, help="Run steps that this machine cannot carry out.")
@load_options.RESULTS_DIR.under(
    _OUT, help="Where the search gets a folder of its own (default: results)."
)
@load_options.QUIET.under(_OUT, help="No progress and no notes: the answer, and errors.")
@load_options.LOG_FORMAT.under(_OUT)
@click.pass_obj
def find_capacity(
    given: dict[str, str],
    /,
    scenario: str | None,
    environment: str | None,
    env: tuple[tuple[str, str], ...],
    spacing: str,
    **options: Any,
) -> ExitCode:
    given.update(env)
    return carry_out(
        CapacityRequest(
            scenario=scenario or "api",
            environment=None if environment is None else EnvironmentName(environment),
            env=given,
            spacing=Spacing(spacing),
            **options,
        )
    )
