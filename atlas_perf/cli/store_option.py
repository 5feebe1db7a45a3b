"""Where the kept runs are, and a run named on a command line: `baseline:main`, or a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from atlas_perf.cli.sections import SectionOption
from atlas_perf.cli.streams import say
from atlas_perf.history.store import DEFAULT_STORE, Contents, Store

Command = TypeVar("Command", bound=Callable[..., Any])

PREFIX = "baseline:"


def store_option(section: str) -> Callable[[Command], Command]:
    """`--store DIR`, as `Path`."""
    return click.option(
        "--store",
        cls=SectionOption,
        section=section,
        type=click.Path(path_type=Path),
        default=DEFAULT_STORE,
        show_default=True,
        metavar="DIR",
        help="The folder of kept runs.",
    )


def readable_contents(store: Path) -> Contents:
    """What is kept there; a warning for each folder that cannot be read."""
    contents = Store(store).contents()
    for sentence in contents.unreadable:
        say(f"warning: {sentence}; it is passed over")
    return contents


def kept_folder(written: Path, store: Path, scenario: str | None = None) -> Path:
    """The folder of a run that is named `baseline:NAME`; any other path as it is.

    Raises:
        NoKeptRunError: there is no such run.
    """
    if not str(written).startswith(PREFIX):
        return written
    wanted = str(written).removeprefix(PREFIX)
    return Path(readable_contents(store).named(wanted, scenario).kept.path)
