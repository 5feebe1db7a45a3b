"""Scenario names and paths as users write them, found from any folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import atlas_perf
from atlas_perf.choices import nearest
from atlas_perf.errors import UsageError

SUFFIX = ".py"

ALL = "all"
IN_TURN = ("smoke", "api", "a2a", "websocket")
"""What `all` stands for: what is cheap to find broken comes first."""
BASELINES = "baselines.toml"


def find_scenario(name_or_path: str) -> Path:
    """The file behind a shipped scenario's name, or behind a path.

    What contains a slash or ends in `.py` is a path; anything else is a shipped scenario's name.

    Raises:
        UsageError: if there is no such file or scenario, with the nearest name there is.
    """
    if os.sep in name_or_path or "/" in name_or_path or name_or_path.endswith(SUFFIX):
        return _existing_file(Path(name_or_path))
    folder = shipped_folder()
    names = shipped_scenarios()
    if folder is not None and name_or_path in names:
        return folder / f"{name_or_path}{SUFFIX}"
    raise UsageError(_unknown_name(name_or_path, names))


def with_all(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with those that `all` stands for in its place."""
    return tuple(one for name in names for one in (IN_TURN if name == ALL else (name,)))


def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that come with atlas-perf, in alphabetical order.

    Each `.py` file of the folder is one, save those that begin with an underscore.
    """
    folder = shipped_folder()
    if folder is None:
        return ()
    files = (path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("_"))
    return tuple(sorted(path.stem for path in files))


def shipped_baselines() -> Path:
    """The baseline file that comes with atlas-perf.

    Raises:
        UsageError: if this installation came without its scenarios.
    """
    folder = shipped_folder()
    if folder is None:
        raise UsageError("this atlas-perf was installed without its baselines: name a file")
    return folder / BASELINES


def shipped_folder() -> Path | None:
    """Inside the package when installed from a wheel, beside it in a checkout."""
    package = Path(atlas_perf.__file__).parent
    installed = package / "scenarios"
    if installed.is_dir():
        return installed
    checkout = package.parent
    # Beside an installed package lie other people's packages, one of which may have this name.
    if (checkout / "pyproject.toml").is_file() and (checkout / "scenarios").is_dir():
        return checkout / "scenarios"
    return None


def _existing_file(path: Path) -> Path:
    if path.is_file():
        return path
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name a scenario file in it")
    siblings = path.parent.glob(f"*{SUFFIX}") if path.parent.is_dir() else ()
    match = nearest(path.name, (sibling.name for sibling in siblings))
    hint = "" if match is None else f": did you mean {path.parent / match}?"
    raise UsageError(f"there is no scenario file {path}{hint}")


def _unknown_name(name: str, names: tuple[str, ...]) -> str:
    own = f"{name}{SUFFIX}"
    match = own if Path(own).is_file() else nearest(name, names)
    hint = "" if match is None else f": did you mean {match!r}?"
    shipped = f"shipped are {', '.join((*names, ALL))}" if names else "none is shipped"
    return f"there is no scenario {name!r}{hint} ({shipped}; a file of your own ends in {SUFFIX})"
