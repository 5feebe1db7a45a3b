"""The messages of Prometheus' two protobuf protocols, as far as they are sent.

Remote write 1.0 has a `WriteRequest`; a scrape is answered with `MetricFamily` messages, each
behind its length. Native histograms are in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import sub
from typing import Any

from atlas_perf.outputs.declared_messages import Fields, declare
from atlas_perf.outputs.exponential_buckets import exponential_buckets
from atlas_perf.sketch.ddsketch import Sketch

SCHEMA = 8
"""The finest that Prometheus has: a quantile is at most 1.3 % off."""

_SPAN: Fields = ((1, "sint32", "offset"), (2, "uint32", "length"))

_REMOTE_WRITE = declare(
    "prometheus",
    {
        "WriteRequest": ((1, "*TimeSeries", "timeseries"),),
        "TimeSeries": (
            (1, "*Label", "labels"),
            (2, "*Sample", "samples"),
            (4, "*Histogram", "histograms"),
        ),
        "Label": ((1, "string", "name"), (2, "string", "value")),
        "Sample": ((1, "double", "value"), (2, "int64", "timestamp")),
        "BucketSpan": _SPAN,
        "Histogram": (
            (1, "uint64", "count_int"),
            (3, "double", "sum"),
            (4, "sint32", "schema"),
            (5, "double", "zero_threshold"),
            (6, "uint64", "zero_count_int"),
            (11, "*BucketSpan", "positive_spans"),
            (12, "*sint64", "positive_deltas"),
            (15, "int64", "timestamp"),
        ),
    },
)

_SCRAPE = declare(
    "io.prometheus.client",
    {
        "MetricFamily": (
            (1, "string", "name"),
            (2, "string", "help"),
            (3, "int32", "type"),  # an enumeration, which is the same on the wire
            (4, "*Metric", "metric"),
        ),
        "Metric": (
            (1, "*LabelPair", "label"),
            (2, "Value", "gauge"),
            (3, "Value", "counter"),
            (7, "Histogram", "histogram"),
        ),
        "LabelPair": ((1, "string", "name"), (2, "string", "value")),
        "Value": ((1, "double", "value"),),
        "BucketSpan": _SPAN,
        "Histogram": (
            (1, "uint64", "sample_count"),
            (2, "double", "sample_sum"),
            (5, "sint32", "schema"),
            (6, "double", "zero_threshold"),
            (7, "uint64", "zero_count"),
            (12, "*BucketSpan", "positive_span"),
            (13, "*sint64", "positive_delta"),
        ),
    },
)

WriteRequest: Any = _REMOTE_WRITE["WriteRequest"]
MetricFamily: Any = _SCRAPE["MetricFamily"]

_SMALLEST = 1e-128
"""Breadth of the bucket of zeros, as Prometheus' own clients have it."""


def fill_written(message: Any, sketch: Sketch, unit: float, at_ms: int) -> None:
    """Make a remote write's `Histogram` of a sketch."""
    message.Clear()
    message.count_int = sketch.count
    message.sum = sketch.sum / unit
    message.schema = SCHEMA
    message.zero_threshold = _SMALLEST
    message.zero_count_int = sketch.zero_count
    message.timestamp = at_ms
    _fill_buckets(message.positive_spans, message.positive_deltas, sketch, unit)


def fill_scraped(message: Any, sketch: Sketch, unit: float) -> None:
    """Make a scrape's `Histogram` of a sketch."""
    message.sample_count = sketch.count
    message.sample_sum = sketch.sum / unit
    message.schema = SCHEMA
    message.zero_threshold = _SMALLEST
    message.zero_count = sketch.zero_count
    _fill_buckets(message.positive_span, message.positive_delta, sketch, unit)


def delimited(families: Iterable[Any]) -> bytes:
    """Messages one behind another, each behind its length."""
    parts = []
    for family in families:
        encoded = family.SerializeToString()
        parts += [_varint(len(encoded)), encoded]
    return b"".join(parts)


def _fill_buckets(spans: Any, deltas: Any, sketch: Sketch, unit: float) -> None:
    """Neighbouring buckets are a span; each count is told as its difference to the one before."""
    buckets = exponential_buckets(sketch, SCHEMA, unit)
    end, length = 0, 0
    for bucket in buckets:
        if bucket == end and length:
            length += 1
        else:
            if length:
                spans[-1].length = length
            spans.add(offset=bucket - end)
            length = 1
        end = bucket + 1
    if length:
        spans[-1].length = length
    deltas.extend(map(sub, buckets.values(), chain((0,), buckets.values())))


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
