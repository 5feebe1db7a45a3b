"""Commands that the documentation shows, and which of them can be run as they stand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from atlas_perf.cli.main import cli
from atlas_perf.errors import UsageError
from atlas_perf.loader import find_scenario
from atlas_perf.units import NS_PER_S

QUICK_NS = 3 * NS_PER_S
QUICK_ITERATIONS = 3

ONLY_PARSED = {
    "analyze": "its results are the reader's own",
    "baseline": "its runs are the reader's own",
    "trend": "its runs are the reader's own",
    "target": "serves until it is stopped",
    "compare": "needs results that are not here",
    "ab": "its builds are the reader's own",
    "calibrate": "takes many times a few seconds",
    "report": "needs results that are not here",
    "bench": "needs a server that is not here",
    "convert": "its file is the reader's own",
    "new": "its file is the reader's own",
    "find-capacity": "takes many times a few seconds",
}

_FENCE = re.compile(r"^```(?P<language>\w*)$")
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*")
_HELP_EXAMPLE = re.compile(r"^ +(atlas-perf .*?)(?:  .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """One command line as a reader would type it."""

    place: str
    variables: tuple[str, ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place}: {' '.join(self.words)}"


def shown_in(file: Path) -> Iterator[Shown]:
    """The `atlas-perf` and `make` commands in a Markdown file's code blocks."""
    language: str | None = None
    for number, line in enumerate(file.read_text().splitlines(), 1):
        fence = _FENCE.match(line)
        if fence is not None:
            language = None if language is not None else fence["language"]
        elif language is not None and language != "python":
            yield from _command(line.strip().removeprefix("$ "), f"{file.name}:{number}")


def shown_in_help() -> Iterator[Shown]:
    """The examples in the help texts of every command."""
    for name, command in _all_commands(cli, ""):
        for text in (command.help or "", command.epilog or ""):
            for example in _HELP_EXAMPLE.findall(text):
                yield from _command(example, f"{name} --help")


def _all_commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from _all_commands(command, f"{name} ")


def parse(shown: Shown) -> click.Context:
    """Parse an `atlas-perf` command up to its last option, without carrying it out.

    Raises:
        click.UsageError: it would be refused.
    """
    context = cli.make_context("atlas-perf", list(shown.words[1:]))
    rest = [*context._protected_args, *context.args]
    _, command, arguments = cli.resolve_command(context, rest)
    assert command is not None
    parsed = command.make_context(command.name, arguments, parent=context)
    if isinstance(command, click.Group):
        inner = [*parsed._protected_args, *parsed.args]
        _, subcommand, rest = command.resolve_command(parsed, inner)
        assert subcommand is not None
        subcommand.make_context(subcommand.name, rest, parent=parsed)
    return parsed


def reason_not_to_run(shown: Shown) -> str | None:
    """Why a command is only parsed; None if it is short and needs nothing that is not here."""
    if {"--help", "--version"} & set(shown.words) or shown.words[1] == "completion":
        return None
    context = parse(shown)
    if context.command.name in ONLY_PARSED:
        return ONLY_PARSED[context.command.name]
    options = context.params
    if options["environment"] not in {None, "embedded"} or shown.variables:
        return "needs a server that is not here"
    try:
        for scenario in options["scenarios"]:
            find_scenario(scenario)
    except UsageError:
        return "the scenario is the reader's own"
    quick = (options["duration_ns"] or QUICK_NS + 1) <= QUICK_NS
    if (
        context.command.name not in {"doctor", "inspect"}
        and not quick
        and (options["iterations"] or QUICK_ITERATIONS + 1) > QUICK_ITERATIONS
    ):
        return "takes longer than a few seconds"
    return None


def _command(line: str, place: str) -> Iterator[Shown]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # prose, with an apostrophe
        return
    variables = []
    while words and _ASSIGNMENT.fullmatch(words[0]):
        variables.append(words.pop(0))
    if words and Path(words[0]).name in {"atlas-perf", "make"}:
        yield Shown(place, tuple(variables), (Path(words[0]).name, *words[1:]))
