"""Scenarios to start from: copied under a name of the user's own."""

from __future__ import annotations

import re

from atlas_perf.loader.names import SUFFIX, shipped_folder


def starter_names() -> tuple[str, ...]:
    """Kinds of starters, in alphabetical order."""
    folder = shipped_folder()
    if folder is None:
        return ()
    files = (folder / "starters").glob(f"*{SUFFIX}")
    return tuple(sorted(file.stem for file in files if file.stem != "__init__"))


def starter_text(kind: str, name: str) -> str:
    """The source of a starter, speaking of itself as `name`.

    Raises:
        LookupError: there is no such starter.
    """
    folder = shipped_folder()
    if folder is None or kind not in starter_names():
        raise LookupError(kind)
    text = (folder / "starters" / f"{kind}{SUFFIX}").read_text(encoding="utf-8")
    text = text.replace(f'"""{kind}: ', f'"""{name}: ', 1)
    return re.sub(rf"\b{re.escape(kind)}{re.escape(SUFFIX)}", f"{name}{SUFFIX}", text)


def starter_summary(kind: str) -> str:
    """What the first line of a starter says of it."""
    first = starter_text(kind, kind).partition("\n")[0]
    return first.partition(": ")[2].rstrip(".")
