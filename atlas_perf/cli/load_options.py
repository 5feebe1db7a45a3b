"""The options that say what to load, how much and how to judge it: written once, picked from by
every command that has them.

`run` has all of them. Another command that gives one a text of its own says only what differs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from atlas_perf.cli import option_types
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.json_log import LOG_FORMAT_VARIABLE
from atlas_perf.cli.sections import SectionOption
from atlas_perf.cli.streams import log_json
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.loader.profiles import PROFILES

Command = TypeVar("Command", bound=Callable[..., Any])

TARGET, LOAD, VERDICT, RESULTS = "Target", "Load", "Verdict", "Results"
"""Headings of the help of `run`."""


class LoadOption:
    """One option as `run` has it.

    `variable` is that of the process which says it where no flag does, for commands that
    describe a run.
    """

    def __init__(self, *names: str, variable: str | None = None, **settings: Any) -> None:
        self.variable = variable
        self._names = names
        self._settings = settings

    def under(self, section: str, **other: Any) -> Callable[[Command], Command]:
        """A decorator that adds the option to a command, under this heading of its help.

        Args:
            other: settings that the command has differently, such as `help` or `default`.
        """
        return click.option(
            *self._names, cls=SectionOption, section=section, **{**self._settings, **other}
        )

    def of_run(self, section: str, **other: Any) -> Callable[[Command], Command]:
        """`under`, with the variable of the process that says the same."""
        return self.under(section, envvar=self.variable, **other)


ENVIRONMENT = LoadOption(
    "--environment",
    variable="ATLAS_PERF_ENVIRONMENT",
    type=SuggestingChoice([name.value for name in EnvironmentName]),
    help="Where the load goes. 'embedded' starts the reference target for this run; 'staging' and "
    "'production' read their URLs from variables (see docs/environments.md). BASE_URL overrides "
    "any. A shipped scenario defaults to 'embedded', a file to whatever it says itself.",
)

ENV = LoadOption(
    "-e",
    "env",
    type=option_types.PAIR,
    multiple=True,
    metavar="NAME=VALUE",
    help="A variable that the scenario reads as env['NAME'] or vu.env['NAME']. Repeatable.",
)

CONTRACT = LoadOption(
    "--contract",
    variable="ATLAS_PERF_CONTRACT",
    type=SuggestingChoice(["documented", "deployed"]),
    help="Which contract of the orchestrator the shipped scenarios speak, and the embedded target "
    "serves (default: documented). The same as -e CONTRACT=NAME.",
)

ALLOW_PRODUCTION = LoadOption(
    "--allow-production",
    is_flag=True,
    help="Load production: without it, environment 'production' and the host of PRODUCTION_URL "
    "are refused.",
)

FAULT = LoadOption(
    "--fault",
    "faults",
    type=option_types.FAULT,
    multiple=True,
    metavar="FAULT",
    help="Let the embedded target misbehave, such as 'latency:200ms' or "
    "'error:503@tasks.submit,share=2%' (see docs/faults.md). Repeatable.",
)

VUS = LoadOption(
    "--vus",
    "-u",
    variable="ATLAS_PERF_VUS",
    type=option_types.COUNT,
    metavar="N",
    help="Virtual users that iterate at the same time.",
)

DURATION = LoadOption(
    "--duration",
    "-d",
    "duration_ns",
    variable="ATLAS_PERF_DURATION",
    type=option_types.DURATION,
    metavar="TIME",
    help="How long iterations are started for, such as 30s or 5m.",
)

ITERATIONS = LoadOption(
    "--iterations",
    "-i",
    variable="ATLAS_PERF_ITERATIONS",
    type=option_types.COUNT,
    metavar="N",
    help="Iterations of the whole run, shared between the users, instead of a duration.",
)

RATE = LoadOption(
    "--rate",
    variable="ATLAS_PERF_RATE",
    type=option_types.COUNT,
    metavar="R",
    help="Begin R iterations a second for --duration, whether or not the ones before are done. "
    "With --vus users at most, or as many as arrive in a second; what finds none free is dropped.",
)

STAGE = LoadOption(
    "--stage",
    "-s",
    "stages",
    variable="ATLAS_PERF_STAGES",
    type=option_types.STAGE,
    multiple=True,
    metavar="TIME:VUS",
    help="Ramp in a straight line to VUS users within TIME. Repeatable; replaces the scenario's "
    "own stages.",
)

PROFILE = LoadOption(
    "--profile",
    variable="ATLAS_PERF_PROFILE",
    type=SuggestingChoice(list(PROFILES)),
    help="Replace the scenario's own load by a ramp: smoke (5 users, 1m), load (50, 10m), stress "
    "(150, 15m), spike (200, 3m) or soak (50, 40m). It can be scaled.",
)

WARM_UP = LoadOption(
    "--warm-up",
    "warm_up_ns",
    variable="ATLAS_PERF_WARM_UP",
    type=option_types.DURATION,
    metavar="TIME",
    help="Leave what begins in the first TIME of each scenario out of thresholds and summary. It "
    "is a part of the load's time, not added to it.",
)

DURATION_SCALE = LoadOption(
    "--duration-scale",
    variable="ATLAS_PERF_DURATION_SCALE",
    type=option_types.SCALE,
    default=1.0,
    metavar="FACTOR",
    help="Multiply every duration of the plan: 0.05 runs a 20 min plan in one minute.",
)

VUS_SCALE = LoadOption(
    "--vus-scale",
    variable="ATLAS_PERF_VUS_SCALE",
    type=option_types.SCALE,
    default=1.0,
    metavar="FACTOR",
    help="Multiply every number of virtual users of the plan.",
)

PROCESSES = LoadOption(
    "--processes",
    "-p",
    variable="ATLAS_PERF_PROCESSES",
    type=option_types.PROCESSES,
    default="auto",
    metavar="N|auto",
    help="Worker processes that share the virtual users. 'auto' is one for each core this "
    "process may use.",
)

SEED = LoadOption(
    "--seed",
    variable="ATLAS_PERF_SEED",
    type=option_types.SEED,
    metavar="N",
    help="Start of every random choice, of the embedded target's too; the same seed asks the same "
    "things.",
)

IGNORE_PREFLIGHT = LoadOption(
    "--ignore-preflight",
    is_flag=True,
    help="Run a plan that this machine cannot carry out; what refuses it becomes a warning "
    "('atlas-perf doctor' says all there is).",
)

THRESHOLD = LoadOption(
    "--threshold",
    "thresholds",
    type=option_types.THRESHOLD,
    multiple=True,
    metavar="METRIC=EXPR",
    help="A criterion more than the scenario has, such as 'http_req_duration=p(95)<500' or "
    "'checks{type:ai}=rate>0.99'. Repeatable.",
)

NO_THRESHOLDS = LoadOption(
    "--no-thresholds",
    is_flag=True,
    help="Leave out the scenario's own criteria; the default gates on failed requests, checks "
    "and iterations stay.",
)

BASELINES = LoadOption(
    "--baselines",
    variable="ATLAS_PERF_BASELINES",
    type=click.Path(path_type=Path),
    metavar="FILE|shipped",
    help="Judge the run by the rows of this file that belong to its scenario (docs/baselines.md). "
    "A shipped scenario under its own load is judged by the shipped ones anyway; under another "
    "load they are shown only, and '--baselines shipped' makes them count.",
)

NO_BASELINES = LoadOption(
    "--no-baselines",
    is_flag=True,
    help="Judge no baselines.",
)

CALIBRATE = LoadOption(
    "--calibrate",
    variable="ATLAS_PERF_CALIBRATE",
    is_flag=True,
    help="First drive a built-in null server for five seconds with the plan's processes, users and "
    "rate. A run that comes too close to what the generator itself can do is then INVALID.",
)

PAYLOAD = LoadOption(
    "--payload",
    "payload_bytes",
    variable="ATLAS_PERF_PAYLOAD",
    type=option_types.SIZE,
    metavar="SIZE",
    help="Size of the null server's answers, such as 20kB (default: 1kB).",
)

TAG = LoadOption(
    "--tag",
    "tags",
    variable="ATLAS_PERF_TAGS",
    type=option_types.PAIR,
    multiple=True,
    metavar="NAME=VALUE",
    help="A tag on every sample of the run. Repeatable.",
)

TRACE_SHARE = LoadOption(
    "--trace-share",
    type=option_types.number_within(0, 1),
    metavar="SHARE",
    help="Send a W3C 'traceparent' with every request, and ask that this share of them, from 0 to "
    "1, be recorded. The ids of failed and slow requests are in the results.",
)

OUT = LoadOption(
    "--out",
    "outputs",
    variable="ATLAS_PERF_OUT",
    multiple=True,
    metavar="KIND=TARGET",
    help="Also send what is measured elsewhere while the run goes on, to a file (json=FILE, "
    "csv=FILE, parquet=FILE) or a monitoring system (docs/outputs.md has all kinds). Repeatable.",
)

OUT_INTERVAL = LoadOption(
    "--out-interval",
    "out_interval_s",
    variable="ATLAS_PERF_OUT_INTERVAL",
    type=option_types.OUT_INTERVAL,
    default=1,
    metavar="DURATION",
    help="How often --out sends to monitoring systems: whole seconds up to 1m (default: 1s).",
)

RESULTS_DIR = LoadOption(
    "--results-dir",
    variable="ATLAS_PERF_RESULTS_DIR",
    type=click.Path(path_type=Path),
    default=Path("results"),
    metavar="DIR",
    help="Where each run gets a folder of its own (default: results).",
)

LIVE = LoadOption(
    "--live",
    is_flag=False,
    flag_value="",
    type=option_types.LIVE_ADDRESS,
    metavar="[PORT]",
    help="Serve the run's charts while it goes on, with a button that stops it: on 127.0.0.1 and a "
    "port that is told (8090, if it is free). HOST:PORT listens elsewhere, and asks for a token.",
)

QUIET = LoadOption(
    "--quiet",
    variable="ATLAS_PERF_QUIET",
    is_flag=True,
    help="No progress and no notes: the summary on stdout, and errors.",
)


def _log_as(_ctx: click.Context, _param: click.Parameter, value: str) -> None:
    log_json(wanted=value == "json")


LOG_FORMAT = LoadOption(
    "--log-format",
    variable=LOG_FORMAT_VARIABLE,
    type=SuggestingChoice(["text", "json"]),
    default="text",
    callback=_log_as,
    expose_value=False,
    help="What stderr is: text, or one JSON object a line for each note and reading.",
)

CONFIG = LoadOption(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Take defaults from this file instead of the nearest atlas-perf.toml at or above the "
    "current folder (see docs/configuration.md). The limits of both hold.",
)

NO_CONFIG = LoadOption(
    "--no-config",
    is_flag=True,
    help="Take no defaults from a file. Its safety limits hold all the same.",
)

OF_RUN: tuple[tuple[str, tuple[LoadOption, ...]], ...] = (
    (TARGET, (ENVIRONMENT, ENV, CONTRACT, ALLOW_PRODUCTION, FAULT)),
    (
        LOAD,
        (
            VUS,
            DURATION,
            ITERATIONS,
            RATE,
            STAGE,
            PROFILE,
            WARM_UP,
            DURATION_SCALE,
            VUS_SCALE,
            PROCESSES,
            SEED,
            IGNORE_PREFLIGHT,
        ),
    ),
    (VERDICT, (THRESHOLD, NO_THRESHOLDS, BASELINES, NO_BASELINES, CALIBRATE, PAYLOAD)),
    (
        RESULTS,
        (
            TAG,
            TRACE_SHARE,
            OUT,
            OUT_INTERVAL,
            RESULTS_DIR,
            LIVE,
            QUIET,
            LOG_FORMAT,
            CONFIG,
            NO_CONFIG,
        ),
    ),
)
"""In the order of its help."""


def options_of_run(command: Command) -> Command:
    """Add every option of `run` to a command."""
    for section, options in reversed(OF_RUN):
        for option in reversed(options):
            command = option.of_run(section)(command)
    return command
