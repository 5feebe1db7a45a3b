"""`atlas-perf inspect`: the plan of a run, resolved and told, and nothing started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from atlas_perf.cli.baselines import baselines_of
from atlas_perf.cli.calibration import DEFAULT_TIME_NS
from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.conduct import report_width
from atlas_perf.cli.embedded import UNSTARTED_URL
from atlas_perf.cli.environments import Environment
from atlas_perf.cli.load_options import RESULTS, options_of_run
from atlas_perf.cli.origins import origins_of
from atlas_perf.cli.preflight import refuse_hopeless
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.requested import requested
from atlas_perf.cli.safety_limits import limits_around
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.session import (
    environment_of,
    overrides_of,
    plan_of,
    refuse_impossible,
    refuse_wrong_target,
    scenario_of,
)
from atlas_perf.cli.streams import say, show, wants_colour
from atlas_perf.errors import ExitCode
from atlas_perf.judge.redact import (
    HIDDEN,
    is_secret_name,
    plan_secrets,
    redacted,
    redacted_text,
)
from atlas_perf.judge.thresholds import Judge
from atlas_perf.loader import find_scenario, shipped_scenarios
from atlas_perf.model.plan import TestPlan
from atlas_perf.report.inspection import Inspection, render_inspection
from atlas_perf.report.inspection_json import inspections_to_json
from atlas_perf.url_credentials import without_credentials

_HELP = """Say what 'atlas-perf run' with the same options would do, and do nothing.

Scenario files are imported, as a run does, and all is checked as before a run; no target is
started, no request is sent, no file is written.
"""

_EPILOG = """\b
Examples:
  atlas-perf inspect                                  the shipped 'api'
  atlas-perf inspect my.py -s 30s:20 -s 1m:0          your file, with another ramp
  atlas-perf inspect api --profile soak --json        for machines: total_duration_s, max_vus

\b
Exit codes: 0 it can be run, 2 it would be refused; the sentence on stderr says why.
"""


@click.command(
    "inspect",
    cls=SectionCommand,
    short_help="Say what a run would do, without running.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenarios", nargs=-1, type=ScenarioName(), metavar="[SCENARIO|FILE.py]...")
@options_of_run
@click.option(
    "--json",
    "as_json",
    cls=SectionOption,
    section=RESULTS,
    is_flag=True,
    help="Print JSON: all plans, and the total_duration_s and max_vus of the command.",
)
@click.pass_context
def inspect(
    ctx: click.Context, /, *, scenarios: tuple[str, ...], as_json: bool, **options: Any
) -> ExitCode:
    request = requested(ctx, scenarios=scenarios or ("api",), **options)
    inspections = list(_inspected(request))  # all are checked before anything is said
    if as_json:
        show(inspections_to_json(inspections))
        return ExitCode.PASS
    for inspection in inspections:
        show(render_inspection(inspection, colour=wants_colour(sys.stdout), width=report_width()))
    return ExitCode.PASS


def _inspected(request: RunRequest) -> Iterator[Inspection]:
    refuse_impossible(request)
    files = [find_scenario(scenario) for scenario in request.scenarios]
    for scenario, file in zip(request.scenarios, files, strict=True):
        environment = environment_of(request, scenario)
        refuse_wrong_target(request, scenario, environment)
        own = environment.starts_target
        meant = environment.at(UNSTARTED_URL, request.faults) if own else environment
        overrides = overrides_of(request, meant)
        scenario_file = scenario_of(request, file, overrides.env)
        plan, warnings = plan_of(request, scenario_file, overrides, meant, own_target=own)
        warnings += refuse_hopeless(plan, meant.base_url, ignored=request.ignore_preflight)
        for warning in () if request.quiet else warnings:
            say(f"warning: {plan.name}: {warning}")
        baselines = baselines_of(plan, request, shipped=scenario in shipped_scenarios())
        secrets = plan_secrets(plan)
        url = None if environment.base_url is None else without_credentials(environment.base_url)
        yield Inspection(
            plan=_told(plan, secrets, own_target=own),
            target=_target(environment, request),
            environment=None if environment.name is None else environment.name.value,
            base_url=url,
            gates=tuple(
                one.plan for one in Judge(plan, plan.all_metrics).criteria if one.default_gate
            ),
            baselines=None if baselines is None else baselines.described,
            seed=request.seed,
            results_dir=str(request.results_dir),
            outputs=tuple(redacted_text(one, secrets) for one in request.outputs),
            calibration_ns=DEFAULT_TIME_NS if request.calibrate else None,
            limits=tuple(_limits(file, request)),
            origins=origins_of(request, scenario_file, secrets),
        )


def _told(plan: TestPlan, secrets: tuple[str, ...], *, own_target: bool) -> TestPlan:
    """The plan without secrets, and without the URLs that only a started target has."""
    hidden = redacted(plan, secrets)
    env = {
        name: value
        for name, value in _without_secrets(hidden.env).items()
        if not (own_target and name in {"BASE_URL", "WS_URL"})
    }
    scenarios = tuple(replace(one, env=_without_secrets(one.env)) for one in hidden.scenarios)
    return replace(hidden, env=env, scenarios=scenarios)


def _without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: HIDDEN if is_secret_name(name) else value for name, value in variables.items()}


def _target(environment: Environment, request: RunRequest) -> str:
    if environment.starts_target:
        faults = f" with {', '.join(request.faults)}" if request.faults else ""
        return f"embedded, started for the run on a free loopback port{faults}"
    if environment.base_url is None:
        return "what the scenario says itself"
    name = "" if environment.name is None else f" ({environment.name.value})"
    return f"{without_credentials(environment.base_url)}{name}"


def _limits(file: Path, request: RunRequest) -> Iterator[tuple[str, str, str]]:
    for one in limits_around([Path.cwd(), file.parent], os.environ, request.config):
        for key in ("allowed_hosts", "max_rate_per_s", "max_vus"):
            value = getattr(one, key)
            if value is not None:
                text = ", ".join(value) if isinstance(value, tuple) else f"{value:,g}"
                yield one.place, key, text
