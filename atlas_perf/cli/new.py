"""`atlas-perf new`: a commented scenario to go on with."""

from __future__ import annotations

import os
from pathlib import Path

import click

from atlas_perf.cli.sections import SectionCommand
from atlas_perf.cli.streams import say, show
from atlas_perf.cli.suggestions import SuggestingChoice
from atlas_perf.cli.written_scenario import save_scenario
from atlas_perf.errors import ExitCode
from atlas_perf.loader.starters import starter_names, starter_summary, starter_text

_DEFAULT = "http"

_HELP = """Write a commented scenario to go on with.

FILE.py is the new file. It runs as it stands against the embedded target, so every part can be
tried while it is being changed.
"""


def _epilog() -> str:
    kinds = "\n".join(f"  {kind:<10} {starter_summary(kind)}" for kind in starter_names())
    return f"""\b
Kinds:
{kinds}

\b
Examples:
  atlas-perf new checkout.py                  users who ask, read and think
  atlas-perf new checkout.py --kind arrivals  requests that come at their own rate
"""


@click.command(
    cls=SectionCommand,
    short_help="Write a commented scenario to go on with.",
    help=_HELP,
    epilog=_epilog(),
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.py")
@click.option(
    "--kind",
    type=SuggestingChoice(starter_names()),
    default=_DEFAULT,
    help=f"What to start from (default: {_DEFAULT}).",
)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def new(file: Path, kind: str, force: bool) -> ExitCode:
    save_scenario(file, starter_text(kind, file.stem), force=force)
    show(f"{file}: {starter_summary(kind)}")
    path = file if os.sep in str(file) else file.name
    say(f"next: atlas-perf run {path} --environment embedded")
    return ExitCode.PASS
