"""The safety limits of a project: `atlas-perf.toml` in its folder, and variables that narrow them.

    allowed_hosts = ["localhost", "*.staging.example", "10.0.0.0/8"]
    max_rate_per_s = 500
    max_vus = 200

Whatever says a limit, all of them hold: neither a variable nor a second file can loosen one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas_perf.choices import did_you_mean
from atlas_perf.errors import UsageError
from atlas_perf.protocols.http.allowed_hosts import checked_pattern

FILE_NAME = "atlas-perf.toml"

TABLES = ("run", "options")
"""Beside the limits: see `atlas_perf.cli.config_file`."""

VARIABLES = {
    "allowed_hosts": "ATLAS_PERF_ALLOWED_HOSTS",
    "max_rate_per_s": "ATLAS_PERF_MAX_RATE_PER_S",
    "max_vus": "ATLAS_PERF_MAX_VUS",
}
"""By key; hosts are separated by commas."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one place says; None: nothing."""

    place: str  # ../atlas-perf.toml, or the name of a variable
    allowed_hosts: tuple[str, ...] | None = None
    max_rate_per_s: float | None = None
    max_vus: int | None = None


def limits_around(
    folders: Sequence[Path], variables: Mapping[str, str], named: Path | None = None
) -> tuple[Limits, ...]:
    """All that hold: of the nearest file at or above each folder, of a file that was named
    besides, and of the variables.

    Raises:
        UsageError: a file or variable cannot be used; names it and the key.
    """
    found = [nearest_file(folder) for folder in folders]
    named = None if named is None else named.resolve()
    files = dict.fromkeys(file for file in (*found, named) if file is not None)
    return (*map(_of_file, files), *_of_variables(variables))


def nearest_file(folder: Path) -> Path | None:
    """The configuration at or above a folder."""
    folder = folder.resolve()
    files = (above / FILE_NAME for above in (folder, *folder.parents))
    return next((file for file in files if file.is_file()), None)


def read_toml(file: Path) -> tuple[dict[str, Any], str]:
    """A configuration's tables, and its text.

    Raises:
        UsageError: it cannot be read, is not TOML, or has a key that nothing reads.
    """
    place = os.path.relpath(file)
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{place}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{place}: is not TOML: {error}") from None
    known = (*_READERS, *TABLES)
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{place}: there is no key {key!r}{did_you_mean(key, known)}")
        if key in TABLES and not isinstance(value, dict):
            raise UsageError(f"{place}: {key} must be a table: write its keys below a line [{key}]")
    return table, text


def _of_file(file: Path) -> Limits:
    place = os.path.relpath(file)
    table, _ = read_toml(file)
    limits = {key: value for key, value in table.items() if key in _READERS}
    values = {key: _read(f"{place}: {key}", key, value) for key, value in limits.items()}
    return Limits(place, **values)


def _of_variables(variables: Mapping[str, str]) -> Iterator[Limits]:
    for key, name in VARIABLES.items():
        text = variables.get(name, "").strip()
        if text:
            yield Limits(name, **{key: _read(name, key, _from_text(key, text))})


def _from_text(key: str, text: str) -> Any:
    if key == "allowed_hosts":
        return [host.strip() for host in text.split(",")]
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def _read(what: str, key: str, value: Any) -> Any:
    try:
        return _READERS[key](value)
    except ValueError as error:
        raise UsageError(f"{what} {error}") from None


def _hosts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
        raise ValueError(f"must be a list of hosts, not {value!r}")
    try:
        return tuple(checked_pattern(host) for host in value)
    except ValueError as error:
        raise ValueError(f"is wrong: {error}") from None


def _rate(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e12:
        raise ValueError(f"must be a number above 0, not {value!r}")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"must be a whole number of 1 or more, not {value!r}")
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "allowed_hosts": _hosts,
    "max_rate_per_s": _rate,
    "max_vus": _count,
}
