"""`atlas-perf convert`: a scenario file from a browser's recording or an OpenAPI description."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from atlas_perf.cli.sections import SectionCommand, SectionGroup
from atlas_perf.cli.streams import say, show
from atlas_perf.cli.written_scenario import save_scenario
from atlas_perf.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from atlas_perf.convert.conversion import Conversion

Command = TypeVar("Command", bound=Callable[..., Any])

STANDARD_OUTPUT = "-"

_HELP = """Write a scenario file from a recording or an API description.

The file is plain Python to read and go on with. It holds no secret: tokens, keys and passwords of
a recording become variables that are given with -e or in the environment.
"""

_HAR_HELP = """Write a scenario from a browser's recording (HAR).

Record with the browser's developer tools: network, save all as HAR. One group for each page,
pauses as they were, the recorded statuses as what is expected.
"""

_HAR_EPILOG = """\b
Examples:
  atlas-perf convert har shop.har                     writes shop.py
  atlas-perf convert har shop.har --host api.example  requests to this host only
  atlas-perf convert har shop.har -o -                look at it first
"""

_OPENAPI_HELP = """Write a scenario from an OpenAPI 3 description (JSON or YAML).

One group for each resource, one request for each operation. What a POST creates is read, changed
and deleted by its id; values are the description's examples.
"""

_OPENAPI_EPILOG = """\b
Examples:
  atlas-perf convert openapi orchestrator.yaml              writes orchestrator.py
  atlas-perf convert openapi api.json -o scenarios/api.py   another place
"""


@click.group(
    cls=SectionGroup,
    short_help="Write a scenario from a HAR or OpenAPI file.",
    help=_HELP,
)
def convert() -> None: ...


def _output_options(command: Command) -> Command:
    command = click.option(
        "--force", is_flag=True, help="Write over a file that is there already."
    )(command)
    return click.option(
        "--output",
        "-o",
        metavar="FILE.py",
        help="Where to write; '-' is the terminal (default: the name of FILE, in this folder).",
    )(command)


def _source(command: Command) -> Command:
    return click.argument("file", type=click.Path(path_type=Path), metavar="FILE")(command)


@convert.command(
    "har",
    cls=SectionCommand,
    short_help="From a browser's recording.",
    help=_HAR_HELP,
    epilog=_HAR_EPILOG,
)
@_source
@click.option(
    "--host",
    metavar="HOST",
    help="Keep requests to this host, as URLs have it (default: the first page's).",
)
@click.option("--with-static", is_flag=True, help="Keep scripts, styles, images and fonts too.")
@_output_options
def har(
    file: Path, host: str | None, with_static: bool, output: str | None, force: bool
) -> ExitCode:
    _require_libraries()
    from atlas_perf.convert.har import convert_har  # noqa: PLC0415 - an optional extra

    return _write(convert_har(file, host=host, with_static=with_static), file, output, force=force)


@convert.command(
    "openapi",
    cls=SectionCommand,
    short_help="From an OpenAPI description.",
    help=_OPENAPI_HELP,
    epilog=_OPENAPI_EPILOG,
)
@_source
@click.option("--with-deprecated", is_flag=True, help="Keep operations that are deprecated.")
@_output_options
def openapi(file: Path, with_deprecated: bool, output: str | None, force: bool) -> ExitCode:
    _require_libraries()
    from atlas_perf.convert.openapi import convert_openapi  # noqa: PLC0415 - an optional extra

    return _write(convert_openapi(file, with_deprecated=with_deprecated), file, output, force=force)


def _require_libraries() -> None:
    if find_spec("openapi_pydantic") is None or find_spec("yaml") is None:
        raise UsageError(
            "converting needs libraries that are not installed: pip install 'atlas-perf[convert]'"
        )


def _write(conversion: Conversion, file: Path, output: str | None, *, force: bool) -> ExitCode:
    from atlas_perf.convert.scenario_text import scenario_text  # noqa: PLC0415

    place = Path(output or f"{file.stem}.py")
    if output == STANDARD_OUTPUT:
        show(scenario_text(conversion, f"{file.stem}.py"))
        return ExitCode.PASS
    save_scenario(place, scenario_text(conversion, place.name), force=force)
    requests, groups = sum(len(group.steps) for group in conversion.groups), len(conversion.groups)
    show(
        f"{place}: {requests} request{'' if requests == 1 else 's'} in "
        f"{groups} group{'' if groups == 1 else 's'}"
    )
    for note in conversion.notes:
        say(f"  {note}")
    given = "".join(f" -e {v.name}=…" for v in conversion.variables if v.default is None)
    path = place if os.sep in str(place) else Path(place.name)
    say(f"next: read it, then atlas-perf run {path}{given} -u 5 -d 1m")
    return ExitCode.PASS
