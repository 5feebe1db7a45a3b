"""Options of the commands that make runs to compare them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from atlas_perf.cli import load_options
from atlas_perf.cli.option_types import DURATION, Written
from atlas_perf.cli.sections import SectionOption
from atlas_perf.cli.served_build import read_build

Command = TypeVar("Command", bound=Callable[..., Any])

BUILDS, RUNS = "Builds", "Runs"

BUILD = Written("url or command", read_build)

_READY_PATH = click.option(
    "--ready-path",
    cls=SectionOption,
    section=BUILDS,
    default="",
    metavar="PATH",
    help="A started build is ready once this answers with a status below 400, such as /health "
    "(default: once it listens).",
)
_READY_WITHIN = click.option(
    "--ready-within",
    "ready_within_ns",
    cls=SectionOption,
    section=BUILDS,
    type=DURATION,
    default="30s",
    metavar="TIME",
    help="How long a started build may take until then (default: 30s).",
)
_OF_RUN = (
    load_options.ENV,
    load_options.CONTRACT,
    load_options.ALLOW_PRODUCTION,
    load_options.VUS,
    load_options.DURATION,
    load_options.ITERATIONS,
    load_options.RATE,
    load_options.STAGE,
    load_options.PROFILE,
    load_options.DURATION_SCALE,
    load_options.VUS_SCALE,
    load_options.PROCESSES,
    load_options.IGNORE_PREFLIGHT,
    load_options.TAG,
)
_WARM_UP = load_options.WARM_UP.of_run(
    RUNS,
    help="Leave the first TIME of each run out of what is compared (default: the scenario's own, "
    "or else 5s).",
)
_SEED = load_options.SEED.of_run(
    RUNS, help="Start of every random choice, the order of the runs included (default: random)."
)
_OUTPUT = (
    load_options.RESULTS_DIR.of_run("Output", help="Where the runs get a folder together."),
    load_options.QUIET.of_run("Output", help="No progress and no notes: the outcome, and errors."),
    load_options.CONFIG.under("Output"),
    load_options.NO_CONFIG.under("Output"),
)


def options_of_runs(command: Command) -> Command:
    """Add them to a command, in the order of its help."""
    load = [option.of_run(RUNS) for option in _OF_RUN]
    for option in reversed((_READY_PATH, _READY_WITHIN, *load, _WARM_UP, _SEED)):
        command = option(command)
    return command


def options_of_output(command: Command) -> Command:
    """Add where results and progress go, last in the help."""
    for option in reversed(_OUTPUT):
        command = option(command)
    return command
