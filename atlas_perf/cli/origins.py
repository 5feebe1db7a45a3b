"""Who says each option of a plan: the configuration, the scenario, a variable or a flag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atlas_perf.cli.request import RunRequest
from atlas_perf.judge.redact import HIDDEN, is_secret_name, redacted_text
from atlas_perf.loader import ScenarioFile
from atlas_perf.loader.option_table import KIND_OF_LOAD, OPTIONS
from atlas_perf.model.plan import Stage
from atlas_perf.report.inspection import Origin
from atlas_perf.units import format_planned

_OF_SCENARIOS = {
    "vus": "vus",
    "duration_ns": "duration",
    "iterations": "iterations",
    "rate": "rate",
    "stages": "stages",
    "profile": "stages",
    "warm_up_ns": "warmUp",
}
"""Fields of a request that replace an option of the scenario."""

_OTHERS = {
    "environment": "environment",
    "contract": "contract",
    "faults": "fault",
    "duration_scale": "duration_scale",
    "vus_scale": "vus_scale",
    "processes": "processes",
    "seed": "seed",
    "trace_share": "trace_share",
    "thresholds": "thresholds",
    "no_thresholds": "no_thresholds",
    "baselines": "baselines",
    "no_baselines": "no_baselines",
    "calibrate": "calibrate",
    "payload_bytes": "payload",
    "tags": "tags",
    "default_tags": "tags",
    "outputs": "out",
    "out_interval_s": "out_interval",
    "results_dir": "results_dir",
    "live": "live",
    "quiet": "quiet",
    "allow_production": "allow_production",
    "ignore_preflight": "ignore_preflight",
    "config": "config",
}
_LONGEST = 40


def origins_of(
    request: RunRequest, scenario_file: ScenarioFile, secrets: Sequence[str]
) -> tuple[Origin, ...]:
    """All that is not a default, in the order of who wins last; what is replaced stands beside."""
    asked = list(_asked(request, secrets))
    replaced: dict[str, list[str]] = {}
    kept = []
    kinds = {origin.option for origin in asked} & {*KIND_OF_LOAD, "rate"}
    for origin in _written(scenario_file, secrets):
        by = _replacing(origin.option, {one.option for one in asked}, kinds, request)
        if by is None:
            kept.append(origin)
        else:
            replaced.setdefault(by, []).append(origin.place)
    told = [
        Origin(one.option, one.value, one.layer, one.place, tuple(replaced.get(one.option, ())))
        for one in asked
    ]
    return (*kept, *told)


def _replacing(name: str, asked: set[str], kinds: set[str], request: RunRequest) -> str | None:
    """Which of the options asked for takes the place of a written one."""
    if name in KIND_OF_LOAD and kinds:
        return name if name in kinds else min(kinds)
    if name == "thresholds" and request.no_thresholds:
        return "no_thresholds"
    return name if name in asked and name in _OF_SCENARIOS.values() else None


def _written(scenario_file: ScenarioFile, secrets: Sequence[str]) -> Iterator[Origin]:
    for spelling, value in scenario_file.options.items():
        file, line = scenario_file.place_of((spelling,))
        layer = "file" if spelling in scenario_file.lent else "scenario"
        name = OPTIONS.canonical(spelling) or spelling
        yield Origin(name, _text(value, secrets), layer, f"{file}:{line}")


def _asked(request: RunRequest, secrets: Sequence[str]) -> Iterator[Origin]:
    for field, place in request.sources.items():
        kind, _, variable = field.partition(" ")
        if kind == "env":
            value = HIDDEN if is_secret_name(variable) else request.env[variable]
            yield Origin(field, _text(value, secrets), _layer(place), place)
        name = _OF_SCENARIOS.get(field) or _OTHERS.get(field)
        if name is not None:
            yield Origin(name, _text(_value(request, field), secrets), _layer(place), place)


def _value(request: RunRequest, field: str) -> Any:
    match field:
        case "contract":
            return request.env.get("CONTRACT", "")
        case "profile":
            return request.stages
        case "processes":
            return request.processes or "auto"
        case "duration_ns" | "warm_up_ns":
            return format_planned(getattr(request, field))
        case "out_interval_s":
            return f"{request.out_interval_s}s"
        case _:
            return getattr(request, field)


def _layer(place: str) -> str:
    if place.startswith("-"):
        return "flag"
    return "variable" if place.startswith("ATLAS_PERF_") else "file"


def _text(value: object, secrets: Sequence[str]) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case str() | int() | float() | Path():
            text = redacted_text(str(value), secrets)
        case Mapping() if all(isinstance(item, str) for item in value.values()):
            text = redacted_text(", ".join(_pair(name, value[name]) for name in value), secrets)
        case list() | tuple() if all(isinstance(item, str) for item in value):
            text = redacted_text(", ".join(value), secrets)
        case list() | tuple() if all(isinstance(item, Stage) for item in value):
            text = f"{len(value)} stage{'' if len(value) == 1 else 's'}"
        case Mapping() | list() | tuple():
            text = f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
        case _:  # a timedelta, a function
            text = type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _pair(name: object, value: str) -> str:
    return f"{name}={HIDDEN if is_secret_name(str(name)) else value}"
