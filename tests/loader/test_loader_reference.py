"""`docs/options.md`, the option table, the typed options and the plan's defaults say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Required, get_origin, get_type_hints

import pytest

from atlas_perf.loader.dns_options import LOOKUP
from atlas_perf.loader.executors import COMMON, OWN, SHAPED
from atlas_perf.loader.keyed import OptionKey, snake_case
from atlas_perf.loader.option_table import HTTP, OPTIONS, RUN, SHORTCUTS
from atlas_perf.loader.stages import STAGE
from atlas_perf.loader.threshold_options import THRESHOLD
from atlas_perf.loader.tls_options import CERTIFICATE
from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    ClientCertificate,
    DnsOptions,
    HttpOptions,
    ScenarioPlan,
    Stage,
    TestPlan,
    ThresholdPlan,
)
from atlas_perf.scripting.options import (
    ClientCertificateOptions,
    Options,
    ScenarioOptions,
    StageOptions,
    ThresholdOptions,
)
from atlas_perf.scripting.options import DnsOptions as TypedDnsOptions
from atlas_perf.units import format_planned

REFERENCE = Path(__file__).parents[2] / "docs" / "options.md"
TABLE_RULE = "|---|---|---|---|"

SECTIONS: dict[str, Iterable[OptionKey]] = {
    "Load": SHORTCUTS,
    "Stages": STAGE.keys.values(),
    "Scenarios": COMMON,
    **OWN,
    "Run": RUN.keys.values(),
    "Thresholds": THRESHOLD.keys.values(),
    "HTTP": HTTP.keys.values(),
    "Name lookup": LOOKUP.keys.values(),
    "Client certificates": CERTIFICATE.keys.values(),
}
"""Every table of the reference that lists keys, under its heading."""


def row(key: OptionKey) -> str:
    return f"| `{key.name}` | {key.reader.expects} | {key.default} | {key.meaning} |"


def documented_rows() -> dict[str, list[str]]:
    """The rows of each table of keys, by the heading above it."""
    rows: dict[str, list[str]] = {}
    heading, inside = "", False
    for line in REFERENCE.read_text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        inside = line == TABLE_RULE or (inside and line.startswith("|"))
        if inside and line != TABLE_RULE:
            rows.setdefault(heading, []).append(line)
    return rows


def test_the_reference_lists_exactly_the_keys_there_are() -> None:
    assert documented_rows() == {
        heading: [row(key) for key in keys] for heading, keys in SECTIONS.items()
    }


def test_the_sections_are_all_of_the_table() -> None:
    top = [*SHORTCUTS, *RUN.keys.values(), *HTTP.keys.values()]
    assert list(OPTIONS.keys.values()) == top
    assert set(OWN) == {*EXECUTOR_NAMES.values(), *SHAPED}


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (Options, OPTIONS.keys),
        (StageOptions, STAGE.keys),
        (ThresholdOptions, THRESHOLD.keys),
        (ClientCertificateOptions, CERTIFICATE.keys),
        (TypedDnsOptions, LOOKUP.keys),
        (ScenarioOptions, {key.name for keys in (COMMON, *OWN.values()) for key in keys}),
    ],
)
def test_the_types_have_exactly_the_keys_there_are(typed: type, keys: Iterable[str]) -> None:
    assert set(get_type_hints(typed)) == set(keys)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (StageOptions, STAGE.keys.values()),
        (ThresholdOptions, THRESHOLD.keys.values()),
        (ClientCertificateOptions, CERTIFICATE.keys.values()),
        (TypedDnsOptions, LOOKUP.keys.values()),
        (ScenarioOptions, COMMON),
    ],
)
def test_the_types_require_what_must_be_given(typed: type, keys: Iterable[OptionKey]) -> None:
    hints = get_type_hints(typed, include_extras=True)
    marked = {name for name, hint in hints.items() if get_origin(hint) is Required}
    assert (set(hints) if typed.__total__ else marked) == {  # type: ignore[attr-defined]
        key.name for key in keys if key.required
    }


def _plan_types() -> list[tuple[type, OptionKey]]:
    """Each key that goes into the plan unchanged, or into a shape, with the type that takes it."""
    executors: dict[str, type] = {name: kind for kind, name in EXECUTOR_NAMES.items()}
    executors.update(SHAPED)
    return [
        *((TestPlan, key) for key in RUN.keys.values()),
        *((ClientCertificate, key) for key in CERTIFICATE.keys.values()),
        *((DnsOptions, key) for key in LOOKUP.keys.values()),
        *((HttpOptions, key) for key in HTTP.keys.values()),
        *((Stage, key) for key in STAGE.keys.values()),
        *((ThresholdPlan, key) for key in THRESHOLD.keys.values()),
        *((ScenarioPlan, key) for key in COMMON if key.name != "executor"),
        *((executors[name], key) for name, keys in OWN.items() for key in keys),
    ]


def test_every_accepted_key_sets_a_field_of_the_plan() -> None:
    for kind, key in _plan_types():
        assert is_dataclass(kind)
        assert key.field in {field.name for field in fields(kind)}, key.name


def _as_documented(name: str, default: object) -> str:
    if name.endswith("_ns"):
        return format_planned(default)  # type: ignore[arg-type]
    if isinstance(default, tuple):
        return ", ".join(default) or ("{}" if name == "thresholds" else "[]")
    return "{}" if isinstance(default, DnsOptions) else str(default)


def test_the_reference_tells_the_plans_own_defaults() -> None:
    """Fields that the plan requires have k6's defaults, which the rows of the shortcuts test."""
    told = 0
    for kind, key in _plan_types():
        field = next(field for field in fields(kind) if field.name == key.field)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if default is MISSING or default is None:
            continue
        assert key.default == _as_documented(key.field, default), key.name
        told += 1
    assert told > 15


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("vus", "vus"),
        ("startVUs", "start_vus"),
        ("noVUConnectionReuse", "no_vu_connection_reuse"),
        ("insecureSkipTLSVerify", "insecure_skip_tls_verify"),
        ("delayAbortEval", "delay_abort_eval"),
        ("tlsCAFile", "tls_ca_file"),
        ("preAllocatedVUs", "pre_allocated_vus"),
    ],
)
def test_snake_case(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake
