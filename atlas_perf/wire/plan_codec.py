"""A test plan in plain values: what goes to the workers and into `summary.json`.

Durations are whole nanoseconds, enums their names, tuples lists. Every field is always there, so
two plans are equal exactly if their plain forms are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, get_type_hints

from atlas_perf.model.feed import (
    FeedMode,
    FeedPer,
    FeedPlan,
    OnExhausted,
    RowFormat,
    RowLayout,
)
from atlas_perf.model.metric import AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.plan import (
    EXECUTOR_NAMES,
    AllowedHosts,
    ClientCertificate,
    DnsOptions,
    Executor,
    HttpOptions,
    RateCeiling,
    ScenarioPlan,
    Spacing,
    Stage,
    TestPlan,
    ThresholdPlan,
    WhenBusy,
)
from atlas_perf.wire.errors import WireError

_EXECUTORS: Mapping[str, type[Executor]] = {name: kind for kind, name in EXECUTOR_NAMES.items()}

T = TypeVar("T")
Reader = Callable[[Any], Any]


def plan_to_plain(plan: TestPlan) -> dict[str, Any]:
    """The whole plan as dicts, lists, strings, integers and booleans."""
    return _fields_to_plain(plan)


def plan_from_plain(plain: Any) -> TestPlan:
    """Read what `plan_to_plain` made.

    Raises:
        WireError: naming the part that is missing, unknown or of the wrong type.
    """
    return _read(
        TestPlan,
        plain,
        scenarios=_tuple_of(_scenario),
        thresholds=_tuple_of(lambda item: _read(ThresholdPlan, item)),
        metrics=_tuple_of(_metric),
        feeds=_tuple_of(_feed),
        rate_ceiling=_rate_ceiling,
        summary_trend_stats=_tuple_of(_text),
        tags=_text_map,
        env=_text_map,
        http=_http,
    )


def _to_plain(value: Any) -> Any:
    if is_dataclass(value):
        plain = _fields_to_plain(value)
        name = EXECUTOR_NAMES.get(type(value))  # type: ignore[arg-type]  # any type may be asked for
        return plain if name is None else {"executor": name, **plain}
    match value:
        case Enum():
            return value.value
        case tuple():
            return [_to_plain(item) for item in value]
        case Mapping():
            return dict(value)
        case _:
            return value


def _fields_to_plain(value: Any) -> dict[str, Any]:
    return {field.name: _to_plain(getattr(value, field.name)) for field in fields(value)}


def _scenario(plain: Any) -> ScenarioPlan:
    return _read(ScenarioPlan, plain, executor=_executor, env=_text_map, tags=_text_map)


def _http(plain: Any) -> HttpOptions:
    return _read(
        HttpOptions,
        plain,
        hosts=_text_map,
        tls_auth=_tuple_of(_client_certificate),
        allowed_hosts=_tuple_of(_allowed_hosts),
        dns=lambda item: _read(DnsOptions, item),
    )


def _allowed_hosts(plain: Any) -> AllowedHosts:
    return _read(AllowedHosts, plain, patterns=_tuple_of(_text))


def _rate_ceiling(plain: Any) -> RateCeiling | None:
    return None if plain is None else _read(RateCeiling, plain)


def _client_certificate(plain: Any) -> ClientCertificate:
    return _read(ClientCertificate, plain, domains=_tuple_of(_text))


def _executor(plain: Any) -> Executor:
    match plain:
        case {"executor": str(name), **settings} if name in _EXECUTORS:
            return _read(
                _EXECUTORS[name],
                settings,
                stages=_tuple_of(_stage),
                spacing=_member_of(Spacing),
                when_busy=_member_of(WhenBusy),
            )
        case _:
            raise WireError(f"malformed plan: {plain!r} is no executor")


def _stage(plain: Any) -> Stage:
    return _read(Stage, plain)


def _metric(plain: Any) -> Metric:
    return _read(
        Metric,
        plain,
        kind=_member_of(MetricKind),
        contains=_member_of(Contains),
        across_workers=_member_of(AcrossWorkers),
    )


def _feed(plain: Any) -> FeedPlan:
    return _read(
        FeedPlan,
        plain,
        mode=_member_of(FeedMode),
        per=_member_of(FeedPer),
        on_exhausted=_member_of(OnExhausted),
        layout=_row_layout,
    )


def _row_layout(plain: Any) -> RowLayout:
    return _read(RowLayout, plain, format=_member_of(RowFormat), columns=_tuple_of(_text))


def _read(kind: type[T], plain: Any, /, **readers: Reader) -> T:
    """Make a value type from its fields; those without a reader must have their type as it is."""
    hints = get_type_hints(kind)
    if not isinstance(plain, dict) or plain.keys() != hints.keys():
        raise WireError(f"malformed plan: {kind.__name__} needs the fields {', '.join(hints)}")
    values = {}
    for name, hint in hints.items():
        value = plain[name]
        if name in readers:
            value = readers[name](value)
        # A bool is an int to Python and never one to us.
        elif not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
            raise WireError(f"malformed plan: {kind.__name__}.{name} is {value!r}")
        values[name] = value
    return kind(**values)


def _tuple_of(read: Reader) -> Reader:
    def read_all(plain: Any) -> tuple[Any, ...]:
        if not isinstance(plain, list | tuple):
            raise WireError(f"malformed plan: {plain!r} is no list")
        return tuple(read(item) for item in plain)

    return read_all


def _member_of(kind: type[Enum]) -> Reader:
    def read(plain: Any) -> Enum:
        try:
            return kind(plain)
        except ValueError:
            raise WireError(f"malformed plan: {plain!r} is no {kind.__name__}") from None

    return read


def _text(plain: Any) -> str:
    if not isinstance(plain, str):
        raise WireError(f"malformed plan: {plain!r} is no text")
    return plain


def _text_map(plain: Any) -> dict[str, str]:
    if not isinstance(plain, dict):
        raise WireError(f"malformed plan: {plain!r} maps nothing to text")
    return {_text(name): _text(value) for name, value in plain.items()}
