"""OTLP, decoded with OpenTelemetry's own messages by a stand-in for a collector."""

from __future__ import annotations

import pytest
from http_receiver import HttpReceiver
from made_batches import (
    DEPTH,
    DURATION,
    FAILED,
    REQS,
    SENT,
    START_UNIX_S,
    batch,
    counted,
    feed,
    levelled,
    spread_ms,
    tallied,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from atlas_perf.errors import UsageError
from atlas_perf.outputs import extra_packages, open_telemetry
from atlas_perf.outputs.registry import parse_output
from atlas_perf.units import NS_PER_S

RUN = (
    batch(0, counted(REQS, 3), spread_ms(DURATION, 0.0, *range(1, 101)), tallied(FAILED, 1, 4)),
    batch(1, counted(REQS, 2), levelled(DEPTH, 2.5, 1.5), counted(SENT, 1_000), last=True),
)


def collected(server: HttpReceiver) -> list:
    """Requests, decoded; each of one resource and one scope."""
    requests = []
    for received in server.requests:
        assert received.headers["Content-Type"] == "application/x-protobuf"
        requests.append(ExportMetricsServiceRequest())
        requests[-1].ParseFromString(received.body)
    return requests


def metrics_of(request) -> dict:
    ((scope,),) = ([*resource.scope_metrics] for resource in request.resource_metrics)
    return {metric.name: metric for metric in scope.metrics}


def attributes(owner) -> dict[str, str]:
    return {one.key: one.value.string_value for one in owner.attributes}


def quantile(point, q: float) -> float:
    """As a reader computes it: the middle of the bucket that holds the rank."""
    base = 2 ** (2**-point.scale)
    seen = point.zero_count
    for place, count in enumerate(point.positive.bucket_counts):
        seen += count
        if seen >= q * point.count:
            low = base ** (point.positive.offset + place)
            return low * (1 + base) / 2
    raise AssertionError("the counts are those of all points")


def test_a_collector_gets_totals_under_k6s_names():
    with HttpReceiver() as server:
        assert feed(parse_output(f"opentelemetry={server.url}"), RUN) is None
    assert {request.path for request in server.requests} == {"/v1/metrics"}
    first, second = collected(server)
    resource = attributes(first.resource_metrics[0].resource)
    assert resource == {"service.name": "atlas-perf"}

    reqs = metrics_of(second)["http_reqs"].sum
    assert (reqs.is_monotonic, reqs.aggregation_temporality) == (
        True,
        AGGREGATION_TEMPORALITY_CUMULATIVE,
    )
    (point,) = reqs.data_points
    assert point.as_double == 5
    assert attributes(point)["method"] == "GET"
    assert point.start_time_unix_nano == START_UNIX_S * NS_PER_S
    assert point.time_unix_nano == (START_UNIX_S + 2) * NS_PER_S
    assert metrics_of(first)["http_reqs"].sum.data_points[0].as_double == 3

    failed = metrics_of(first)["http_req_failed"].sum.data_points
    assert {attributes(one)["condition"]: one.as_int for one in failed} == {"nonzero": 1, "zero": 3}
    assert metrics_of(second)["queue_depth"].gauge.data_points[0].as_double == 2.5
    assert metrics_of(second)["data_sent"].unit == "By"


def test_trends_are_exponential_histograms_within_their_error():
    with HttpReceiver() as server:
        feed(parse_output(f"opentelemetry={server.url}"), RUN)
    metric = metrics_of(collected(server)[0])["http_req_duration"]
    (point,) = metric.exponential_histogram.data_points
    assert metric.unit == "ms"
    assert (point.count, point.zero_count, point.min, point.max) == (101, 1, 0.0, 100.0)
    assert point.sum == pytest.approx(5050)
    assert sum(point.positive.bucket_counts) == 100
    for q, exact in ((0.5, 50), (0.95, 95), (0.99, 99)):
        assert quantile(point, q) == pytest.approx(exact, rel=0.04)  # ranks are between two


@pytest.mark.parametrize("value_ms", [0.2, 1.0, 3.7, 12.5, 80.0, 81.0, 999.0, 4321.0])
def test_a_value_is_within_one_per_cent_of_its_bucket(value_ms):
    with HttpReceiver() as server:
        feed(parse_output(f"opentelemetry={server.url}"), [batch(0, spread_ms(DURATION, value_ms))])
    metric = metrics_of(collected(server)[0])["http_req_duration"]
    (point,) = metric.exponential_histogram.data_points
    base = 2 ** (2**-point.scale)
    low, high = base**point.positive.offset, base ** (point.positive.offset + 1)
    assert low / 1.0102 <= value_ms <= high * 1.0102


def test_a_request_has_a_bounded_size(monkeypatch):
    monkeypatch.setattr(open_telemetry, "_MOST_POINTS", 5)
    with HttpReceiver() as server:
        feed(parse_output(f"opentelemetry={server.url}"), RUN[1:])
    sizes = [
        sum(
            len(metric.sum.data_points) + len(metric.gauge.data_points)
            for metric in metrics_of(request).values()
        )
        for request in collected(server)
    ]
    assert sizes[:-1] == [5] * (len(sizes) - 1)
    assert len(sizes) > 1


def test_points_that_a_collector_refuses_are_told():
    answer = ExportMetricsServiceResponse()
    answer.partial_success.rejected_data_points = 7
    answer.partial_success.error_message = "too many attributes"
    with HttpReceiver((200, answer.SerializeToString())) as server:
        output = parse_output(f"opentelemetry={server.url}")
        feed(output, RUN[1:])
    assert "1 were lost: it refused 7 points: too many attributes." in output.told().note


def test_an_answer_that_is_no_protobuf_is_taken_as_success():
    with HttpReceiver((200, b'{"partialSuccess":{}}'), (200, b"\xff\xff")) as server:
        output = parse_output(f"opentelemetry={server.url}")
        feed(output, RUN)
    assert output.told().complete


def test_a_missing_package_is_said_with_what_to_do(monkeypatch):
    monkeypatch.setattr(extra_packages, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"opentelemetry.* pip install 'atlas-perf\[outputs\]'"):
        parse_output("opentelemetry=http://127.0.0.1:1")
