"""`atlas-perf run`: options become a request, and the request a verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from atlas_perf.cli.completion import ScenarioName
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.option_types import (
    COUNT,
    DURATION,
    FAULT,
    PAIR,
    PROCESSES,
    SCALE,
    SEED,
    SIZE,
    STAGE,
    THRESHOLD,
)
from atlas_perf.cli.request import RunRequest
from atlas_perf.cli.sections import SectionCommand, SectionOption
from atlas_perf.cli.session import run_request
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.loader import with_all
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.model.plan import Stage

_HELP = """Run load scenarios and judge them.

SCENARIO is a shipped scenario's name or a Python file (a path with a '/' or '.py').
Several run one after another, each with its own workers, results folder and verdict.
Without one, the shipped 'api' scenario runs; 'all' stands for smoke, api, a2a and websocket.
"""

_EPILOG = """\b
Units: durations need one (500ms, 30s, 1m30s, 2h); latencies in thresholds are milliseconds.

\b
Examples:
  atlas-perf run                                      the shipped 'api', embedded target
  atlas-perf run smoke api --duration-scale 0.05      two scenarios, each at 1/20 of its time
  atlas-perf run all --contract deployed              smoke, api, a2a and websocket in turn
  atlas-perf run a2a --profile spike                  another ramp than the scenario's own
  atlas-perf run my.py -u 50 -d 2m                    your file: 50 users for two minutes
  atlas-perf run my.py --rate 200 -d 2m               200 iterations a second, come what may
  atlas-perf run my.py -s 30s:20 -s 1m:20 -s 10s:0    ramp up, hold, ramp down
  atlas-perf run api --environment local -p 8         http://localhost:8088, 8 workers
  atlas-perf run api --fault 'latency:1s@runs.read'   a target that is slow where you say
  atlas-perf run my.py --calibrate                    and hold it against the generator's limits
  atlas-perf run my.py --threshold 'http_req_duration{name:login}=p(99)<800'

\b
Exit codes: 0 pass, 1 fail, 2 wrong usage or scenario, 3 the run proves nothing,
4 no data to judge, 70 a bug in atlas-perf, 130 interrupted.
"""

Command = TypeVar("Command", bound=Callable[..., Any])

_WHAT, _LOAD, _JUDGE, _OUT = "Target", "Load", "Verdict", "Results"


def _option(section: str, *names: str, **settings: Any) -> Callable[[Command], Command]:
    return click.option(*names, cls=SectionOption, section=section, **settings)


@click.command(
    cls=SectionCommand,
    add_help_option=False,
    short_help="Run load scenarios and judge them.",
    help=_HELP,
    epilog=_EPILOG,
)
@click.argument("scenarios", nargs=-1, type=ScenarioName(), metavar="[SCENARIO|FILE.py]...")
@_option(
    _WHAT,
    "--environment",
    type=SuggestingChoice([name.value for name in EnvironmentName]),
    help="Where the load goes. 'embedded' starts the reference target for this run; 'staging' and "
    "'production' read their URLs from variables (see docs/environments.md). BASE_URL overrides "
    "any. A shipped scenario defaults to 'embedded', a file to whatever it says itself.",
)
@_option(
    _WHAT,
    "-e",
    "env",
    type=PAIR,
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable that the scenario reads as env['NAME'] or vu.env['NAME']. Repeatable.",
)
@_option(
    _WHAT,
    "--contract",
    type=SuggestingChoice(["documented", "deployed"]),
    help="Which contract of the orchestrator the shipped scenarios speak, and the embedded target "
    "serves (default: documented). The same as -e CONTRACT=NAME.",
)
@_option(
    _WHAT,
    "--allow-production",
    is_flag=True,
    help="Load production: without it, environment 'production' and the host of PRODUCTION_URL "
    "are refused.",
)
@_option(
    _WHAT,
    "--fault",
    "faults",
    type=FAULT,
    multiple=True,
    metavar="FAULT",
    help="Let the embedded target misbehave, such as 'latency:200ms' or "
    "'error:503@tasks.submit,share=2%' (see docs/faults.md). Repeatable.",
)
@_option(
    _LOAD,
    "--vus",
    "-u",
    type=COUNT,
    metavar="N",
    help="Virtual users that iterate at the same time.",
)
@_option(
    _LOAD,
    "--duration",
    "-d",
    "duration_ns",
    type=DURATION,
    metavar="TIME",
    help="How long iterations are started for, such as 30s or 5m.",
)
@_option(
    _LOAD,
    "--iterations",
    "-i",
    type=COUNT,
    metavar="N",
    help="Iterations of the whole run, shared between the users, instead of a duration.",
)
@_option(
    _LOAD,
    "--rate",
    type=COUNT,
    metavar="R",
    help="Begin R iterations a second for --duration, whether or not the ones before are done. "
    "With --vus users at most, or as many as arrive in a second; what finds none free is dropped.",
)
@_option(
    _LOAD,
    "--stage",
    "-s",
    "stages",
    type=STAGE,
    multiple=True,
    metavar="TIME:VUS",
    help="Ramp in a straight line to VUS users within TIME. Repeatable; replaces the scenario's "
    "own stages.",
)
@_option(
    _LOAD,
    "--profile",
    type=SuggestingChoice(list(PROFILES)),
    help="Replace the scenario's own load by a ramp: smoke (5 users, 1m), load (50, 10m), stress "
    "(150, 15m), spike (200, 3m) or soak (50, 40m). It can be scaled.",
)
@_option(
    _LOAD,
    "--warm-up",
    "warm_up_ns",
    type=DURATION,
    metavar="TIME",
    help="Leave what begins in the first TIME of each scenario out of thresholds and summary. It "
    "is a part of the load's time, not added to it.",
)
@_option(
    _LOAD,
    "--duration-scale",
    type=SCALE,
    default=1.0,
    metavar="FACTOR",
    help="Multiply every duration of the plan: 0.05 runs a 20 min plan in one minute.",
)
@_option(
    _LOAD,
    "--vus-scale",
    type=SCALE,
    default=1.0,
    metavar="FACTOR",
    help="Multiply every number of virtual users of the plan.",
)
@_option(
    _LOAD,
    "--processes",
    "-p",
    type=PROCESSES,
    default="auto",
    metavar="N|auto",
    help="Worker processes that share the virtual users. 'auto' is one for each core this "
    "process may use.",
)
@_option(
    _LOAD,
    "--seed",
    type=SEED,
    metavar="N",
    help="Start of every random choice, of the embedded target's too; the same seed asks the same "
    "things.",
)
@_option(
    _LOAD,
    "--ignore-preflight",
    is_flag=True,
    help="Run a plan that this machine cannot carry out; what refuses it becomes a warning "
    "('atlas-perf doctor' says all there is).",
)
@_option(
    _JUDGE,
    "--threshold",
    "thresholds",
    type=THRESHOLD,
    multiple=True,
    metavar="METRIC=EXPR",
    help="A criterion more than the scenario has, such as 'http_req_duration=p(95)<500' or "
    "'checks{type:ai}=rate>0.99'. Repeatable.",
)
@_option(
    _JUDGE,
    "--no-thresholds",
    is_flag=True,
    help="Leave out the scenario's own criteria; the default gates on failed requests, checks "
    "and iterations stay.",
)
@_option(
    _JUDGE,
    "--baselines",
    type=click.Path(path_type=Path),
    metavar="FILE|shipped",
    help="Judge the run by the rows of this file that belong to its scenario (docs/baselines.md). "
    "A shipped scenario under its own load is judged by the shipped ones anyway; under another "
    "load they are shown only, and '--baselines shipped' makes them count.",
)
@_option(
    _JUDGE,
    "--no-baselines",
    is_flag=True,
    help="Judge no baselines.",
)
@_option(
    _JUDGE,
    "--calibrate",
    is_flag=True,
    help="First drive a built-in null server for five seconds with the plan's processes, users and "
    "rate. A run that comes too close to what the generator itself can do is then INVALID.",
)
@_option(
    _JUDGE,
    "--payload",
    "payload_bytes",
    type=SIZE,
    metavar="SIZE",
    help="Size of the null server's answers, such as 20kB (default: 1kB).",
)
@_option(
    _OUT,
    "--tag",
    "tags",
    type=PAIR,
    multiple=True,
    metavar="NAME=VALUE",
    help="A tag on every sample of the run. Repeatable.",
)
@_option(
    _OUT,
    "--out",
    "outputs",
    multiple=True,
    metavar="KIND=TARGET",
    help="Also write every sample while the run goes on: json=FILE is k6's NDJSON. Repeatable.",
)
@_option(
    _OUT,
    "--results-dir",
    type=click.Path(path_type=Path),
    default=Path("results"),
    metavar="DIR",
    help="Where each run gets a folder of its own (default: results).",
)
@_option(
    _OUT,
    "--quiet",
    is_flag=True,
    help="No progress and no notes: the summary on stdout, and errors.",
)
@click.help_option("--help", cls=SectionOption, section=_OUT, help="Show this text.")
@click.pass_obj
def run(
    given: dict[str, str],
    /,
    *,
    environment: str | None,
    env: tuple[tuple[str, str], ...],
    tags: tuple[tuple[str, str], ...],
    scenarios: tuple[str, ...],
    contract: str | None,
    profile: str | None,
    stages: tuple[Stage, ...],
    **options: Any,
) -> ExitCode:
    given.update(env)
    if contract is not None:
        given["CONTRACT"] = _agreed_contract(contract, given.get("CONTRACT"))
    return run_request(
        RunRequest(
            scenarios=with_all(scenarios or ("api",)),
            stages=_ramp(profile, stages),
            environment=None if environment is None else EnvironmentName(environment),
            env=given,
            tags=dict(tags),
            **options,
        )
    )


def _agreed_contract(contract: str, in_env: str | None) -> str:
    if in_env not in (None, contract):
        raise UsageError(
            f"--contract {contract} and -e CONTRACT={in_env} contradict each other: leave one out"
        )
    return contract


def _ramp(profile: str | None, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if profile is None:
        return stages
    if stages:
        raise UsageError("--profile and --stage are two ramps: leave one out")
    return PROFILES[profile]
