"""k6's three summaries as one: metrics by name, with k6's keys, and thresholds that say failed.

    --summary-export             metrics.X = {"p(95)": …, "thresholds": {"p(95)<500": false}}
    handleSummary                metrics.X = {"type", "contains", "values": {"p(95)": …},
                                              "thresholds": {"p(95)<500": {"ok": true}}}
    --new-machine-readable-      results.metrics = [{"name", "type", "contains", "values"}],
      summary                    and no thresholds

The polarity is turned round between the first two: `true` is failed in one and passed in the other.
Rates are `passes`, `fails` and `value`, or `rate`, or of `matches` in `total`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from atlas_perf.k6_results.opening import K6FileError, K6Kind, read_document
from atlas_perf.model.metric import BUILTIN_METRICS, Contains, MetricKind
from atlas_perf.model.series import METRIC_NAME, Selector

MOST_METRICS = 10_000
LARGEST = 1e300

_ALL_OF = {
    MetricKind.RATE: frozenset({"rate"}),
    MetricKind.GAUGE: frozenset({"value"}),
    MetricKind.COUNTER: frozenset({"count"}),
    MetricKind.TREND: frozenset(),
}
"""What a metric of each kind is nothing without."""


@dataclass(frozen=True, slots=True)
class K6Metric:
    """A metric or sub-metric over the whole run; times are milliseconds.

    `values` are as in `handleSummary`; of a rate `passes` and `fails` too.
    """

    kind: MetricKind
    contains: Contains | None  # None: the file does not say
    values: Mapping[str, float]
    failed: Mapping[str, bool] = field(default_factory=dict)  # thresholds of the script


@dataclass(frozen=True, slots=True)
class K6Summary:
    """One summary of k6."""

    kind: K6Kind
    metrics: Mapping[Selector, K6Metric]
    duration_s: float | None = None  # setup and teardown included
    generated_at: str = ""
    script: str = ""  # the whole text, where k6 gives it
    version: str = ""


def read_k6_summary(path: Path, kind: K6Kind) -> K6Summary:
    """Read a file that `kind_of` has said the kind of.

    Raises:
        K6FileError: naming the place that k6 cannot have written.
    """
    plain = read_document(path)
    try:
        if kind is K6Kind.MACHINE_READABLE:
            return _machine_readable(plain)
        metrics = dict(_by_name(plain["metrics"], nested=kind is K6Kind.HANDLE_SUMMARY))
        return K6Summary(kind, metrics, _duration_s(plain))
    except ValueError as error:
        raise K6FileError(f"{path} is damaged, or not k6's: {error}") from None


def _machine_readable(plain: Mapping[str, Any]) -> K6Summary:
    listed, checks = plain["results"]["metrics"], plain["results"].get("checks")
    of_checks = checks.get("metrics") if isinstance(checks, dict) else None
    metrics: dict[Selector, K6Metric] = {}
    for place, entries in (("metrics", listed), ("checks.metrics", of_checks or [])):
        if not isinstance(entries, list):
            raise ValueError(f"results.{place} is no list")
        for number, one in enumerate(entries):
            where = f"results.{place}[{number}]"
            name = one.get("name") if isinstance(one, dict) else None
            if not isinstance(name, str):
                raise ValueError(f"{where} has no name")
            name = "checks" if name == "checks_succeeded" else name
            metrics[_selector(name)] = _metric(where, one, one.get("values"))
    _require_few(metrics)
    config, metadata = plain.get("config"), plain.get("metadata")
    config = config if isinstance(config, dict) else {}
    metadata = metadata if isinstance(metadata, dict) else {}
    duration_s = config.get("duration")
    return K6Summary(
        K6Kind.MACHINE_READABLE,
        metrics,
        float(duration_s) if _is_number(duration_s) and duration_s > 0 else None,
        str(metadata.get("generatedAt", "")),
        str(config.get("script", "")),
        str(metadata.get("k6Version", "")),
    )


def _by_name(plain: Mapping[str, Any], *, nested: bool) -> Iterator[tuple[Selector, K6Metric]]:
    _require_few(plain)
    for name, one in plain.items():
        where = f"metrics.{name[:80]}"
        values = one.get("values") if nested else one
        yield _selector(name), _metric(where, one, values)


def _metric(where: str, entry: Mapping[str, Any], plain: object) -> K6Metric:
    if not isinstance(plain, dict):
        raise ValueError(f"{where} has no values")
    values = {key: one for key, one in plain.items() if key != "thresholds"}
    for key, one in values.items():
        if key not in ("type", "contains") and not _is_number(one):
            raise ValueError(f"{where}.{key[:40]} is no number")
    told = entry.get("type")
    kind = _kind_by(values) if told is None else _member(MetricKind, told, where)
    contains = entry.get("contains")
    known = None if contains is None else _member(Contains, contains, where)
    values = {key: float(one) for key, one in values.items() if key not in ("type", "contains")}
    if kind is MetricKind.RATE:
        values = _rate_values(where, values)
    missing = _ALL_OF[kind] - values.keys()
    if missing:
        raise ValueError(f"{where} is a {kind.value} without {', '.join(missing)}")
    failed = entry.get("thresholds")
    return K6Metric(kind, known, values, _failed(where, failed if failed is not None else {}))


def _kind_by(values: Mapping[str, Any]) -> MetricKind:
    """What `--summary-export` does not say."""
    if "passes" in values and "fails" in values:
        return MetricKind.RATE
    if "value" in values:
        return MetricKind.GAUGE
    return MetricKind.COUNTER if values.keys() == {"count", "rate"} else MetricKind.TREND


def _rate_values(where: str, values: Mapping[str, float]) -> dict[str, float]:
    if "matches" in values and "total" in values:
        passes, fails = values["matches"], values["total"] - values["matches"]
    else:
        passes, fails = values.get("passes", math.nan), values.get("fails", math.nan)
    if not (passes >= 0 and fails >= 0):
        raise ValueError(f"{where} is a rate and does not say of how many")
    whole = passes + fails
    return {"passes": passes, "fails": fails, "rate": passes / whole if whole else 0.0}


def _failed(where: str, plain: object) -> dict[str, bool]:
    """By threshold, whichever way round the file has it."""
    if not isinstance(plain, dict):
        raise ValueError(f"{where}.thresholds is no object")
    failed: dict[str, bool] = {}
    for expression, one in plain.items():
        if isinstance(one, bool):
            failed[expression] = one
        elif isinstance(one, dict) and isinstance(one.get("ok"), bool):
            failed[expression] = not one["ok"]
        else:
            raise ValueError(f"{where}.thresholds has neither true nor false for {expression!r}")
    return failed


def _selector(name: str) -> Selector:
    try:
        selector = Selector.parse(name)
    except ValueError as error:
        raise ValueError(str(error)) from None
    if not METRIC_NAME.fullmatch(selector.metric):
        raise ValueError(f"{name[:80]!r} is no metric")
    return selector


def _member(kinds: type[Any], plain: object, where: str) -> Any:
    try:
        return kinds(plain)
    except ValueError:
        raise ValueError(f"{where} is of a kind that k6 has not") from None


def _duration_s(plain: Mapping[str, Any]) -> float | None:
    state = plain.get("state")
    duration_ms = state.get("testRunDurationMs") if isinstance(state, dict) else None
    return duration_ms / 1000 if _is_number(duration_ms) and duration_ms > 0 else None


def _is_number(plain: object) -> TypeGuard[float]:
    return type(plain) in (int, float) and abs(plain) <= LARGEST  # type: ignore[arg-type]


def _require_few(metrics: Mapping[Any, Any]) -> None:
    if len(metrics) > MOST_METRICS:
        raise ValueError(f"there are more than {MOST_METRICS:,} metrics")


def contains_of(selector: Selector, metric: K6Metric) -> Contains | None:
    """What a metric's numbers are, as far as file or name tell."""
    own = BUILTIN_METRICS.get(selector.metric)
    if metric.contains is not None or own is None:
        return metric.contains
    return own.contains
