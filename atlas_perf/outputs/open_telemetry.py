"""`--out opentelemetry=URL`: OpenTelemetry's metrics, as OTLP over HTTP in protobuf.

Names, units and kinds are those of k6's output: `http_reqs`, times in `ms`, rates as one counter
with the attribute `condition`. All are totals since the run's start. Trends are exponential
histograms of scale 6, whose quantiles are at most 2.1 % off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    ScopeMetrics,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric as Message

from atlas_perf.model.metric import Contains, Metric
from atlas_perf.outputs.courier import Undelivered
from atlas_perf.outputs.exponential_buckets import exponential_buckets
from atlas_perf.outputs.http_post import HttpPost
from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.outputs.totals import Totals
from atlas_perf.outputs.trend_values import in_milliseconds
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

SCALE = 6
"""Buckets are dense here, so that a finer one would send many zeros."""

_MOST_POINTS = 2_000  # in one request
_UNITS = {Contains.TIME: "ms", Contains.DATA: "By", Contains.DEFAULT: ""}


class OpenTelemetry:
    """A collector, or what speaks like it.

    Raises:
        UsageError: the URL or a variable cannot be used.
    """

    kind = "opentelemetry"

    def __init__(self, url: str, variables: Mapping[str, str]) -> None:
        self._http = HttpPost(
            self.kind,
            url,
            usual_path="/v1/metrics",
            fixed_headers={"Content-Type": "application/x-protobuf"},
            variables=variables,
        )
        self.shown = self._http.shown
        self._zero_unix_ns = 0
        self._totals = Totals()

    def open(self, zero_unix_ns: int) -> None:
        self._zero_unix_ns = zero_unix_ns

    def encode(self, period: Period) -> Sequence[bytes]:
        self._totals.absorb(period)
        requests = _Requests(self._zero_unix_ns, period.end_ns)
        _fill(requests, self._totals)
        return requests.packed()

    def send(self, payload: bytes) -> None:
        answer = ExportMetricsServiceResponse()
        body = self._http.post(payload)
        try:
            answer.ParseFromString(body)
        except DecodeError:  # an answer in another format tells nothing of what was refused
            return
        refused = answer.partial_success.rejected_data_points
        if refused:
            why = answer.partial_success.error_message[:160]
            raise Undelivered(f"it refused {refused} points: {why}", passing=False)

    def close(self) -> str:
        self._http.close()
        return ""


class _Requests:
    """Points of one moment, in requests of a bounded size."""

    def __init__(self, zero_unix_ns: int, end_ns: int) -> None:
        self._zero_unix_ns = zero_unix_ns
        self._at_unix_ns = zero_unix_ns + end_ns
        self._requests: list[Any] = []
        self._scope: ScopeMetrics | None = None
        self._metrics: dict[str, Message] = {}
        self._points = 0

    def metric(self, metric: Metric) -> Message:
        """The message that this metric's next point belongs to."""
        if self._scope is None or self._points == _MOST_POINTS:
            self._scope = self._new_scope()
            self._metrics.clear()
            self._points = 0
        self._points += 1
        message = self._metrics.get(metric.name)
        if message is None:
            message = self._scope.metrics.add(name=metric.name, unit=_UNITS[metric.contains])
            self._metrics[metric.name] = message
        return message

    def date(self, point: Any, series: OutputSeries, **more: str) -> None:
        point.start_time_unix_nano = self._zero_unix_ns
        point.time_unix_nano = self._at_unix_ns
        for key, value in {**dict(series.tags), **more}.items():
            point.attributes.add(key=key).value.string_value = value

    def packed(self) -> list[bytes]:
        return [request.SerializeToString() for request in self._requests]

    def _new_scope(self) -> ScopeMetrics:
        request = ExportMetricsServiceRequest()
        self._requests.append(request)
        resource = request.resource_metrics.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "atlas-perf"
        scope = resource.scope_metrics.add()
        scope.scope.name = "atlas-perf"
        return scope


def _fill(requests: _Requests, totals: Totals) -> None:
    for series, total in totals.counters.items():
        _add_total(requests, series, in_milliseconds(series.metric, total))
    for series, level in totals.gauges.items():
        point = requests.metric(series.metric).gauge.data_points.add()
        requests.date(point, series)
        point.as_double = in_milliseconds(series.metric, level)
    for series, (passes, samples) in totals.rates.items():
        _add_total(requests, series, passes, condition="nonzero")
        _add_total(requests, series, samples - passes, condition="zero")
    for series, sketch in totals.trends.items():
        if sketch.count:
            _add_histogram(requests, series, sketch)


def _add_total(requests: _Requests, series: OutputSeries, total: float, **more: str) -> None:
    message = requests.metric(series.metric).sum
    message.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    message.is_monotonic = True
    point = message.data_points.add()
    requests.date(point, series, **more)
    if isinstance(total, int):
        point.as_int = total
    else:
        point.as_double = total


def _add_histogram(requests: _Requests, series: OutputSeries, sketch: Sketch) -> None:
    message = requests.metric(series.metric).exponential_histogram
    message.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    point = message.data_points.add()
    requests.date(point, series)
    unit = float(NS_PER_MS) if series.metric.contains is Contains.TIME else 1.0
    point.count = sketch.count
    point.sum, point.min, point.max = sketch.sum / unit, sketch.min / unit, sketch.max / unit
    point.zero_count = sketch.zero_count
    point.scale = SCALE
    buckets = exponential_buckets(sketch, SCALE, unit)
    if buckets:
        first = min(buckets)
        point.positive.offset = first - 1  # whose numbering is one lower than Prometheus'
        point.positive.bucket_counts.extend(_dense(buckets, first))


def _dense(buckets: Mapping[int, int], first: int) -> Iterator[int]:
    return (buckets.get(number, 0) for number in range(first, max(buckets) + 1))
