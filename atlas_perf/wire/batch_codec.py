"""A batch as msgpack and back. Positions, not names: the field order is the format.

    batch     = [version, worker, sequence, interval, series, deltas, ledger, health, exceptions,
                 stalls, samples, last, ended_at_ns, from_ns, until_ns, requests]
    series    = [[number, metric, kind, contains, across_workers, [tag, value, tag, value, …]], …]
    deltas    = [[0, number, samples, total]                           counter
                 [1, number, passes, samples]                          rate
                 [2, number, samples, last, last_at_ns, min, max]      gauge
                 [3, number, sketch], …]                               trend
    ledger    = [[scenario, six counts in the order of `Ledger`], …]
    health    = [a number each, in the order of `WorkerHealth`]
    exceptions= [[seven fields in the order of `ScenarioException`], …]
    stalls    = [[eight fields in the order of `Stall`], …]
    requests  = [[twenty fields in the order of `RequestSample`], …]

Whatever decodes is a valid batch by itself: types, ranges, finite numbers, sorted tags. Whether
it fits the run (the worker exists, its series are known, its sketches decode) is the aggregator's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple
from dataclasses import fields as fields_of
from itertools import pairwise
from reprlib import repr as shortened
from typing import Any, TypeVar

import msgpack

from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    Delta,
    GaugeDelta,
    Ledger,
    NewSeries,
    RateDelta,
    ScenarioException,
    Stall,
    StallCause,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import AcrossWorkers, Contains, Metric, MetricKind
from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.model.series import Series, Tags
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.frames import MAX_FRAME_BYTES
from atlas_perf.wire.samples import SAMPLE_BYTES

FORMAT_VERSION = 2
MAX_TEXT_BYTES = 1024 * 1024
MAX_LIST_ITEMS = 1024 * 1024
MAX_NUMBER = 2**62
MAX_SERIES_NUMBER = 2**32 - 1

_COUNTER, _RATE, _GAUGE, _TREND = range(4)
_REQUEST_FIELDS = [(one.name, one.type) for one in fields_of(RequestSample)]
_HEALTH_FIELDS = len(fields_of(WorkerHealth))

T = TypeVar("T")


def encode_batch(batch: Batch) -> bytes:
    """The batch as bytes, for one frame."""
    plain = [
        FORMAT_VERSION,
        batch.worker,
        batch.sequence,
        batch.interval,
        [_plain_series(new) for new in batch.new_series],
        [_plain_delta(delta) for delta in batch.deltas],
        [[scenario, *astuple(ledger)] for scenario, ledger in batch.ledger.items()],
        astuple(batch.health),
        [astuple(exception) for exception in batch.exceptions],
        [astuple(stall) for stall in batch.stalls],
        batch.samples,
        batch.last,
        batch.ended_at_ns,
        batch.from_ns,
        batch.until_ns,
        [astuple(request) for request in batch.requests],
    ]
    # A message or a file name may hold bytes that are no text; they must not stop the batch.
    packed: bytes = msgpack.packb(plain, use_bin_type=True, unicode_errors="backslashreplace")
    return packed


def decode_batch(data: bytes) -> Batch:
    """The batch that `encode_batch` gave these bytes for.

    Raises:
        WireError: if they are anything else; no length found in them is trusted.
    """
    try:
        plain = msgpack.unpackb(
            data,
            raw=False,
            use_list=True,
            max_str_len=MAX_TEXT_BYTES,
            max_bin_len=MAX_FRAME_BYTES,
            max_array_len=MAX_LIST_ITEMS,
            max_map_len=0,
            max_ext_len=0,
        )
        return _batch(plain)
    except WireError:
        raise
    except (ValueError, msgpack.UnpackException) as error:
        raise WireError(f"a batch that is not msgpack: {error}") from None


def _plain_series(new: NewSeries) -> list[object]:
    metric = new.metric
    tags = [text for pair in new.series.tags for text in pair]
    return [
        new.number,
        metric.name,
        metric.kind.value,
        metric.contains.value,
        metric.across_workers.value,
        tags,
    ]


def _plain_delta(delta: Delta) -> list[object]:
    match delta:
        case TrendDelta(number, sketch):
            return [_TREND, number, sketch]
        case CounterDelta(number, samples, total):
            return [_COUNTER, number, samples, float(total)]
        case RateDelta(number, passes, samples):
            return [_RATE, number, passes, samples]
        case GaugeDelta(number, samples, last, last_at_ns, low, high):
            return [_GAUGE, number, samples, float(last), last_at_ns, float(low), float(high)]


def _batch(plain: object) -> Batch:
    fields = _fields(plain, 16, "batch")
    version, worker, sequence, interval, series, deltas, ledger, health = fields[:8]
    exceptions, stalls, samples, last, ended_at_ns, from_ns, until_ns, requests = fields[8:]
    if version != FORMAT_VERSION:
        raise WireError(f"a batch of format {version!r}, not {FORMAT_VERSION}")
    if type(samples) is not bytes or len(samples) % SAMPLE_BYTES:
        raise _wrong("samples", samples)
    if type(last) is not bool:
        raise _wrong("last", last)
    return Batch(
        worker=_count(worker, "worker"),
        sequence=_count(sequence, "sequence"),
        interval=_count(interval, "interval"),
        new_series=_each(series, _new_series, "series"),
        deltas=_each(deltas, _delta, "deltas"),
        ledger=dict(_each(ledger, _ledger_entry, "ledger")),
        health=WorkerHealth(
            *(_count(n, "health") for n in _fields(health, _HEALTH_FIELDS, "health"))
        ),
        exceptions=_each(exceptions, _exception, "exceptions"),
        stalls=_each(stalls, _stall, "stalls"),
        samples=samples,
        last=last,
        ended_at_ns=_count(ended_at_ns, "ended_at_ns"),
        from_ns=_count(from_ns, "from_ns"),
        until_ns=_count(until_ns, "until_ns"),
        requests=_each(requests, _request, "requests"),
    )


def _new_series(plain: object) -> NewSeries:
    number, name, kind, contains, across_workers, tags = _fields(plain, 6, "series")
    try:
        metric = Metric(
            _text(name, "metric"),
            MetricKind(kind),
            Contains(contains),
            AcrossWorkers(across_workers),
        )
    except ValueError as error:
        raise WireError(f"a batch with a malformed metric: {error}") from None
    return NewSeries(_series_number(number), metric, Series(metric.name, _tags(tags)))


def _tags(plain: object) -> Tags:
    texts = _each(plain, lambda text: _text(text, "tags"), "tags")
    if len(texts) % 2:
        raise _wrong("tags", plain)
    names = texts[::2]
    if any(left >= right for left, right in pairwise(names)):
        raise WireError("a batch with tags that are not sorted by name")
    return tuple(zip(names, texts[1::2], strict=True))


def _delta(plain: object) -> Delta:
    if type(plain) is not list or not plain:
        raise _wrong("delta", plain)
    match plain[0]:
        case 3:
            _, number, sketch = _fields(plain, 3, "trend")
            if type(sketch) is not bytes:
                raise _wrong("sketch", sketch)
            return TrendDelta(_series_number(number), sketch)
        case 0:
            _, number, samples, total = _fields(plain, 4, "counter")
            amount = _real(total, "total")
            if amount < 0:
                raise _wrong("total", total)
            return CounterDelta(_series_number(number), _count(samples, "samples"), amount)
        case 1:
            _, number, passes, samples = _fields(plain, 4, "rate")
            if _count(passes, "passes") > _count(samples, "samples"):
                raise _wrong("passes", passes)
            return RateDelta(_series_number(number), passes, samples)
        case 2:
            return _gauge(plain)
        case kind:
            raise _wrong("kind of delta", kind)


def _gauge(plain: object) -> GaugeDelta:
    _, number, samples, last, last_at_ns, low, high = _fields(plain, 7, "gauge")
    if type(last_at_ns) is not int or abs(last_at_ns) > MAX_NUMBER:
        raise _wrong("last_at_ns", last_at_ns)
    if not _real(low, "min") <= _real(last, "last") <= _real(high, "max"):
        raise _wrong("last", last)
    return GaugeDelta(
        _series_number(number), _count(samples, "samples"), last, last_at_ns, low, high
    )


def _ledger_entry(plain: object) -> tuple[str, Ledger]:
    scenario, *counts = _fields(plain, 7, "ledger")
    return _text(scenario, "scenario"), Ledger(*(_count(n, "ledger") for n in counts))


def _exception(plain: object) -> ScenarioException:
    scenario, kind, message, file, line, count, traceback = _fields(plain, 7, "exception")
    return ScenarioException(
        scenario=_text(scenario, "scenario"),
        kind=_text(kind, "kind"),
        message=_text(message, "message"),
        file=_text(file, "file"),
        line=_count(line, "line"),
        count=_count(count, "count"),
        traceback=_text(traceback, "traceback"),
    )


def _stall(plain: object) -> Stall:
    cause, file, line, code, count, total_ns, longest_ns, stack = _fields(plain, 8, "stall")
    try:
        known_cause = StallCause(cause)
    except ValueError:
        raise _wrong("cause of a stall", cause) from None
    return Stall(
        cause=known_cause,
        file=_text(file, "file"),
        line=_count(line, "line"),
        code=_text(code, "code"),
        count=_count(count, "count"),
        total_ns=_count(total_ns, "total_ns"),
        longest_ns=_count(longest_ns, "longest_ns"),
        stack=_text(stack, "stack"),
    )


def _request(plain: object) -> RequestSample:
    fields = _fields(plain, len(_REQUEST_FIELDS), "request")
    reason, *rest = fields
    try:
        known_reason = SampleReason(reason)
    except ValueError:
        raise _wrong("reason of a request", reason) from None
    values = [
        _text(value, name) if kind == "str" else _time(value, name)
        for value, (name, kind) in zip(rest, _REQUEST_FIELDS[1:], strict=True)
    ]
    return RequestSample(known_reason, *values)  # type: ignore[arg-type]


def _time(plain: object, what: str) -> int:
    """Nanoseconds, or a number of another kind; -1 where there is none."""
    if plain == -1 and type(plain) is int:
        return -1
    return _count(plain, what)


def _fields(plain: object, number: int, what: str) -> Sequence[Any]:
    if type(plain) is not list or len(plain) != number:
        raise _wrong(what, plain)
    return plain


def _each(plain: object, decode: Callable[[object], T], what: str) -> tuple[T, ...]:
    if type(plain) is not list:
        raise _wrong(what, plain)
    return tuple(decode(item) for item in plain)


def _count(plain: object, what: str) -> int:
    # type(), since True is an int too
    if type(plain) is not int or not 0 <= plain <= MAX_NUMBER:
        raise _wrong(what, plain)
    return plain


def _series_number(plain: object) -> int:
    number = _count(plain, "series number")
    if number > MAX_SERIES_NUMBER:
        raise _wrong("series number", plain)
    return number


def _real(plain: object, what: str) -> float:
    if type(plain) is not float or not math.isfinite(plain):
        raise _wrong(what, plain)
    return plain


def _text(plain: object, what: str) -> str:
    if type(plain) is not str:
        raise _wrong(what, plain)
    return plain


def _wrong(what: str, plain: object) -> WireError:
    return WireError(f"a batch with a malformed {what}: {shortened(plain)}")
