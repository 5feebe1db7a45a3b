"""`atlas-perf doctor`: what this machine can do, and whether a plan asks for more."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import click

from atlas_perf.cli import load_options
from atlas_perf.cli.calibration import (
    DEFAULT_PAYLOAD_BYTES,
    DEFAULT_TIME_NS,
    CalibrationLoad,
    calibrate,
    connections_for,
    load_of_plan,
)
from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.cores import usable_cores
from atlas_perf.cli.embedded import UNSTARTED_URL
from atlas_perf.cli.open_files import limit_before_it_was_raised
from atlas_perf.cli.option_types import LOAD_TIME
from atlas_perf.cli.preflight import connected_host
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.requested import requested
from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.session import environment_of, make_plan, refuse_payload_alone
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.cli.streams import say, show
from atlas_perf.cli.version import COMPILED_PARTS, require_compiled
from atlas_perf.errors import AtlasPerfError, ExitCode
from atlas_perf.judge.calibrated import FLOOR_FACTOR, RATE_SHARE_LIMIT
from atlas_perf.loader import find_scenario
from atlas_perf.loop import UVLOOP_VERSION
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.summary import Calibration
from atlas_perf.preflight.checks import cheap_findings
from atlas_perf.preflight.finding import Finding, Level
from atlas_perf.preflight.machine import Machine, look_at_machine
from atlas_perf.preflight.need import need_of
from atlas_perf.preflight.surroundings import addresses_of, clock, names, other_load
from atlas_perf.report.calibration import render_calibration
from atlas_perf.report.terminal_text import printable
from atlas_perf.units import format_planned

_SECTION = "Options"
_SUBJECT_WIDTH = 11

_HELP = """Say what this machine can do, and whether a plan asks for more.

One line each: ✓ is good, ! casts doubt on the figures, ✗ cannot work. With scenarios, named as for
'atlas-perf run', their plans are judged; nothing is sent to the target but a look-up of its name.
"""

_EPILOG = """\b
Examples:
  atlas-perf doctor                                   the machine alone
  atlas-perf doctor api                               and the plan of a shipped scenario
  atlas-perf doctor my.py -u 20000 -d 5m -p 8         and your file's, with other load
  atlas-perf doctor --load                            the generator's highest rate and its floor

\b
Exit codes: 0 nothing is in the way, 2 something cannot work (or the command is wrong).
"""


@click.command(
    cls=SectionCommand,
    short_help="Say what this machine can do.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenarios", nargs=-1, type=ScenarioName(), metavar="[SCENARIO|FILE.py]...")
@load_options.ENVIRONMENT.of_run(_SECTION, help="Where the load would go, as of 'atlas-perf run'.")
@load_options.ENV.of_run(_SECTION, help="A variable that the scenario reads. Repeatable.")
@load_options.VUS.of_run(_SECTION, help="Virtual users.")
@load_options.DURATION.of_run(_SECTION, help="How long.")
@load_options.PROCESSES.of_run(
    _SECTION, help="Worker processes that would share the virtual users."
)
@click.option(
    "--load",
    "load_ns",
    type=LOAD_TIME,
    is_flag=False,
    flag_value=format_planned(DEFAULT_TIME_NS),
    metavar="[TIME]",
    help="Also drive a built-in null server, for 5s unless said otherwise: the highest rate of "
    "this machine, and the latencies it measures of a server that takes no time.",
)
@load_options.PAYLOAD.under(_SECTION)
@load_options.CONFIG.under(_SECTION)
@load_options.NO_CONFIG.under(_SECTION)
@click.pass_context
def doctor(ctx: click.Context, /, *, load_ns: int | None, **options: Any) -> ExitCode:
    refuse_payload_alone(options["payload_bytes"], "--load", given=load_ns is not None)
    request = requested(ctx, **options)
    plans = list(_plans(request))  # all are read before anything is said
    machine = replace(look_at_machine(), raised_from=limit_before_it_was_raised())
    worst = _tell((_software(), clock(), other_load()))
    if not plans:
        worst |= _tell(cheap_findings(machine, None))
    for plan, base_url in plans:
        users = f"{plan.max_vus:,} user{'' if plan.max_vus == 1 else 's'}"
        show("")
        show(printable(f"{plan.name}: {users} in {plan.processes} worker processes"))
        worst |= _tell(_of_plan(machine, plan, base_url))
    if Level.HOPELESS in worst:
        return ExitCode.USAGE
    if load_ns is not None:
        _load([plan for plan, _ in plans], request, load_ns)
    return ExitCode.PASS


def _load(plans: Sequence[TestPlan], request: RunRequest, load_ns: int) -> None:
    """Calibrate for each plan, or for as many processes as a run would start."""
    payload_bytes = request.payload_bytes or DEFAULT_PAYLOAD_BYTES
    loads = [(plan.name, load_of_plan(plan, payload_bytes, load_ns)) for plan in plans]
    if not loads:
        processes = request.processes or usable_cores()
        loads = [
            (
                "",
                CalibrationLoad(
                    processes,
                    connections_for(processes),
                    payload_bytes=payload_bytes,
                    time_ns=load_ns,
                ),
            )
        ]
    with StopSignals() as signals:
        for name, load in loads:
            say(f"loading a null server for {format_planned(load_ns)}")
            show("\n" + _rendered(calibrate(load, signals), name))


def _plans(request: RunRequest) -> Iterator[tuple[TestPlan, str | None]]:
    for scenario in request.scenarios:
        environment = environment_of(request, scenario)
        own = environment.starts_target
        if own:
            environment = environment.at(UNSTARTED_URL)
        plan, _ = make_plan(request, find_scenario(scenario), environment, own_target=own)
        yield plan, environment.base_url


def _of_plan(machine: Machine, plan: TestPlan, base_url: str | None) -> Iterator[Finding]:
    host = connected_host(plan.http, base_url)
    addresses = 0 if host is None else len(addresses_of(host))
    yield from cheap_findings(machine, need_of(plan, base_url), addresses=addresses or None)
    yield names(host)


def _rendered(calibration: Calibration, name: str) -> str:
    return render_calibration(
        calibration,
        name,
        report_width(),
        judged_from=FLOOR_FACTOR,
        judged_share=RATE_SHARE_LIMIT,
    )


def _software() -> Finding:
    """Python, uvloop, and that every compiled part loads."""
    versions = f"{platform.python_version()}, uvloop {UVLOOP_VERSION}"
    try:
        for module in COMPILED_PARTS:
            require_compiled(module)
    except AtlasPerfError as error:
        return Finding(Level.HOPELESS, "Python", f"{versions}, but {error}")
    return Finding(Level.GOOD, "Python", f"{versions}, all {len(COMPILED_PARTS)} compiled parts")


def _tell(findings: Iterable[Finding]) -> set[Level]:
    levels = set()
    for finding in findings:
        levels.add(finding.level)
        fix = f": {finding.fix}" if finding.fix else ""
        line = f"{finding.level.value} {finding.subject:{_SUBJECT_WIDTH}}  {finding.text}{fix}"
        show(printable(line))
    return levels
