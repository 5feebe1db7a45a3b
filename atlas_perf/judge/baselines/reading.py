"""A baseline file, read and validated.

version = 1

[[baseline]]
component = "API"
name = "p95 latency"
scenario = "api"                    ; or a list: judged by each of them
metric = "http_req_duration"        ; a selector of thresholds
aggregation = "p(95)"               ; the left side of a threshold
limit = "< 500"                     ; its operator and number
unit = "ms"                         ; what the number is of: must be the metric's own
phase = "steady"                    ; may be left out: the whole run
minimum_samples = 100
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atlas_perf.choices import alternatives, did_you_mean
from atlas_perf.errors import PlanError
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.model.baseline import Baseline, BaselineSet
from atlas_perf.model.series import Selector

VERSION = 1

UNITS = ("ms", "bytes", "per_s", "bytes_per_s", "")

_TEXTS = ("component", "name", "metric", "aggregation", "limit", "unit")
_REQUIRED = (*_TEXTS, "scenario", "minimum_samples")
_KEYS = (*_REQUIRED, "phase")


def read_baselines(path: Path, *, shown: str | None = None) -> BaselineSet:
    """Read a file; `shown` is what messages and reports call it, else the path.

    Raises:
        PlanError: in one sentence with the file, and the row where it is one.
    """
    file = shown or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{file}: the baselines cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PlanError(f"{file}: a baseline file is UTF-8 text, and this is not") from None
    return baselines_from_text(text, file)


def baselines_from_text(text: str, file: str) -> BaselineSet:
    """As `read_baselines`, of a text."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{file}: this is not TOML: {error}") from None
    _refuse_version(plain.get("version"), file)
    _refuse_unknown(plain, ("version", "baseline"), file)
    rows = plain.get("baseline")
    if not isinstance(rows, list) or not rows:
        raise PlanError(f"{file}: there is no baseline: write a table [[baseline]] for each")
    read = tuple(_row(row, f"{file}, row {number}") for number, row in enumerate(rows, 1))
    seen: dict[str, str] = {}
    for one in read:
        if one.title in seen:
            raise PlanError(f"{one.place}: {one.title!r} is the name of {seen[one.title]} already")
        seen[one.title] = one.place
    return BaselineSet(file, VERSION, read)


def _refuse_version(version: object, file: str) -> None:
    if isinstance(version, bool) or not isinstance(version, int):
        raise PlanError(f"{file}: a baseline file says which version it has: write version = 1")
    if version != VERSION:
        raise PlanError(
            f"{file}: the file has version {version}, and this atlas-perf reads version {VERSION}: "
            + ("upgrade atlas-perf" if version > VERSION else f"write version = {VERSION}")
        )


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f": write {alternatives(known)}"
            raise PlanError(f"{place}: there is no key {key!r}{hint}")


def _row(row: object, place: str) -> Baseline:
    if not isinstance(row, dict):
        raise PlanError(f"{place}: a baseline is a table: write [[baseline]]")
    if isinstance(row.get("component"), str) and isinstance(row.get("name"), str):
        place = f"{place} ({row['component']} {row['name']})"
    _refuse_unknown(row, _KEYS, place)
    for key in _REQUIRED:
        if key not in row:
            raise PlanError(f"{place}: {key} is missing")
    for key in (*_TEXTS, "phase"):
        if not isinstance(row.get(key, ""), str):
            raise PlanError(f"{place}: {key} should be a text, not {row[key]!r}")
        if key in row and key != "unit" and not row[key].strip():
            raise PlanError(f"{place}: {key} is empty")
    if row["unit"] not in UNITS:
        raise PlanError(
            f"{place}: there is no unit {row['unit']!r}: write {alternatives(UNITS[:-1])}, or "
            '"" for shares and plain numbers'
        )
    return Baseline(
        component=row["component"],
        name=row["name"],
        scenarios=_scenarios(row["scenario"], place),
        selector=_selector(row["metric"], place),
        expression=_expression(row, place),
        unit=row["unit"],
        minimum_samples=_minimum(row["minimum_samples"], place),
        place=place,
    )


def _scenarios(written: object, place: str) -> tuple[str, ...]:
    names = [written] if isinstance(written, str) else written
    if not isinstance(names, list) or not names or not all(map(_is_name, names)):
        raise PlanError(f"{place}: scenario should be a name or a list of names, not {written!r}")
    return tuple(names)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _selector(text: str, place: str) -> str:
    try:
        Selector.parse(text)
    except ValueError as error:
        raise PlanError(f"{place}: metric: {error}") from None
    return text


def _expression(row: Mapping[str, Any], place: str) -> str:
    text = f"{row['aggregation']} {row['limit']}"
    if "phase" in row:
        text += f" over {row['phase']}"
    try:
        expression = parse_threshold(text)
    except ValueError as error:
        raise PlanError(f"{place}: {error}") from None
    if expression.stretch_s is not None:
        raise PlanError(f"{place}: a baseline is of a phase or the whole run: leave 'in any' out")
    if expression.operator.value not in ("<", "<=", ">", ">="):
        raise PlanError(f"{place}: the limit {row['limit']!r} needs one of < <= > >=")
    return text


def _minimum(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PlanError(f"{place}: minimum_samples should be a whole number from 0, not {value!r}")
    return value
