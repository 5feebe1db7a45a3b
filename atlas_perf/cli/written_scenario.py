"""A scenario file that a command writes, and what may be in its way."""

from __future__ import annotations

from pathlib import Path

from atlas_perf.errors import UsageError
from atlas_perf.loader.names import SUFFIX


def save_scenario(place: Path, text: str, *, force: bool) -> None:
    """Write a scenario; with `force` also over a file that is there.

    Raises:
        UsageError: the name is none of a scenario, is taken, or cannot be written.
    """
    if place.suffix != SUFFIX:
        raise UsageError(f"{place} is no scenario's name: it ends in {SUFFIX}")
    try:
        with place.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{place} is there already: add --force to write over it, or take another name"
        ) from None
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}") from None
