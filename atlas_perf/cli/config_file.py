"""A project's `atlas-perf.toml`: what `run` takes where nothing else says it.

    [run]                      # options of `run`
    environment = "staging"
    processes = 4

    [options]                  # options of a scenario file that does not say them itself
    httpTimeout = "10s"

The safety limits beside these tables are of `atlas_perf.cli.safety_limits`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas_perf.choices import alternatives, did_you_mean
from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.cli.option_types import read_out_interval_s, read_size_bytes
from atlas_perf.cli.safety_limits import nearest_file, read_toml
from atlas_perf.cli.toml_lines import TomlLines
from atlas_perf.errors import UsageError
from atlas_perf.judge.redact import is_secret_name
from atlas_perf.loader import OptionDefaults
from atlas_perf.loader.option_table import KIND_OF_LOAD, OPTIONS
from atlas_perf.loader.profiles import PROFILES
from atlas_perf.units import format_planned

SHIPPED = "shipped"
VARIABLE = "ATLAS_PERF_CONFIG"
CONTRACTS = ("documented", "deployed")
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of [run]: the parameter of the command that it stands for, and its reader."""

    parameter: str
    read: Callable[[Any], Any]  # ValueError: what it must be


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a file says, checked."""

    file: Path
    place: str  # as people find it from here
    run: Mapping[str, Any]  # by the parameter's name
    places: Mapping[str, str]  # file and line of each of these
    options: OptionDefaults | None = None


def config_file(
    named: Path | None, variables: Mapping[str, str], *, left_out: bool = False
) -> ConfigFile | None:
    """The file that is named, else that of ATLAS_PERF_CONFIG, else the nearest at or above here.

    Raises:
        UsageError: it cannot be used; with its line.
    """
    if left_out:
        if named is not None:
            raise UsageError("--config and --no-config exclude each other: leave one out")
        return None
    variable = variables.get(VARIABLE, "").strip()
    file = named or (Path(variable) if variable else nearest_file(Path.cwd()))
    return None if file is None else _read(file)


def _read(file: Path) -> ConfigFile:
    table, text = read_toml(file)
    place, lines = os.path.relpath(file), TomlLines(text)
    run = table.get("run", {})
    values: dict[str, Any] = {}
    places: dict[str, str] = {}
    for key, value in run.items():
        where = f"{place}:{lines.of(('run', key))}"
        setting = RUN.get(key)
        if setting is None:
            raise UsageError(f"{where}: [run] {_unknown(key)}")
        try:
            read = setting.read(value)
        except ValueError as error:
            raise UsageError(f"{where}: [run] {key} {error}") from None
        values[setting.parameter] = _from(file, read) if isinstance(read, Path) else read
        places[setting.parameter] = where
    options = table.get("options", {})
    profile = values.pop("profile", None)
    if profile is not None:
        options = _with_profile(options, profile, places["profile"])
    return ConfigFile(file, place, values, places, _options(options, place, lines, profile))


def _options(
    options: Mapping[str, Any], place: str, lines: TomlLines, profile: str | None
) -> OptionDefaults | None:
    def line_of(path: tuple[str | int, ...]) -> int:
        of_profile = profile is not None and path[:1] == ("stages",)
        return lines.of(("run", "profile") if of_profile else ("options", *path))

    if not options:
        return None
    defaults = OptionDefaults(options, place, line_of, profile or "")
    defaults.refuse_wrong()
    return defaults


def _with_profile(options: Mapping[str, Any], profile: str, where: str) -> dict[str, Any]:
    """A profile is a kind of load, which a scenario's own replaces like any other."""
    kind = next((name for name in options if OPTIONS.canonical(name) in KIND_OF_LOAD), None)
    if kind is not None:
        raise UsageError(
            f"{where}: [run] profile and [options] {kind} are two kinds of load: leave one out"
        )
    stages = [
        {"duration": format_planned(stage.duration_ns), "target": stage.target}
        for stage in PROFILES[profile]
    ]
    return {**options, "stages": stages}


def _from(file: Path, path: Path) -> Path:
    """Paths are meant from the folder of the file that says them."""
    if str(path) == SHIPPED:  # no path: the baselines that come with atlas-perf
        return path
    return Path(os.path.relpath(file.resolve().parent / path))


def _unknown(key: str) -> str:
    if OPTIONS.canonical(key) is not None:
        return f"has no key {key!r}: it is an option of scenarios, so write it below [options]"
    if key in ("allow_production", "ignore_preflight"):
        return f"has no key {key!r}: only who runs the command may say --{key.replace('_', '-')}"
    listed = ", ".join(RUN)
    return f"has no key {key!r}{did_you_mean(key, RUN) or f': it may have {listed}'}"


def _choice(names: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in names:
            hint = did_you_mean(value, names) if isinstance(value, str) else ""
            raise ValueError(f"must be {alternatives(names)}, not {value!r}{hint}")
        return str(value)

    return read


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


def _factor(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (math.isfinite(value) and value > 0):
        raise ValueError(f"must be a number above 0, not {value!r}")
    return float(value)


def _processes(value: Any) -> int | None:
    if value == "auto":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"must be 'auto' or a whole number of 1 or more, not {value!r}")
    return value


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_SEED:
        raise ValueError(f"must be a whole number from 0 to {LARGEST_SEED}, not {value!r}")
    return value


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be a path, not {value!r}")
    return Path(value)


def _texts(value: Any) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"must be a text or a list of texts, not {value!r}")
    return tuple(texts)


def _table(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError('must be a table of texts, such as { NAME = "value" }')
    for name, text in value.items():
        if not isinstance(text, str):
            raise ValueError(f"has a value for {name} that is no text: put it in quotes")
    return dict(value)


def _env(value: Any) -> dict[str, str]:
    variables = _table(value)
    for name in variables:
        if is_secret_name(name):
            raise ValueError(
                f"must hold no secret, and the name {name} says that it is one: set it in the "
                "environment of the command, where no repository keeps it"
            )
    return variables


def _size(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError(f"must be a size such as '8kB', not {value!r}")
    try:
        return read_size_bytes(value)
    except ValueError as error:
        raise ValueError(f"is wrong: {error}") from None


def _out_interval(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError(f"must be a duration such as '5s', not {value!r}")
    try:
        return read_out_interval_s(value)
    except ValueError as error:
        raise ValueError(f"is wrong: {error}") from None


RUN: Mapping[str, Setting] = {
    "environment": Setting("environment", _choice(tuple(name.value for name in EnvironmentName))),
    "contract": Setting("contract", _choice(CONTRACTS)),
    "env": Setting("env", _env),
    "profile": Setting("profile", _choice(tuple(PROFILES))),
    "duration_scale": Setting("duration_scale", _factor),
    "vus_scale": Setting("vus_scale", _factor),
    "processes": Setting("processes", _processes),
    "seed": Setting("seed", _seed),
    "baselines": Setting("baselines", _path),
    "calibrate": Setting("calibrate", _flag),
    "payload": Setting("payload_bytes", _size),
    "tags": Setting("tags", _table),
    "out": Setting("outputs", _texts),
    "out_interval": Setting("out_interval_s", _out_interval),
    "results_dir": Setting("results_dir", _path),
    "quiet": Setting("quiet", _flag),
}
"""By key, in the order of the help of `run`."""
