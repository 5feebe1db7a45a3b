"""Prometheus' names, texts and endpoint, without a Prometheus."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cramjam
import pytest
from http_receiver import HttpReceiver
from made_batches import (
    ANCHOR,
    DEPTH,
    DURATION,
    FAILED,
    REQS,
    SENT,
    SERIES,
    START_UNIX_S,
    T0_NS,
    batch,
    counted,
    feed,
    levelled,
    spread_ms,
    tallied,
    test_plan,
)
from prometheus_client import openmetrics
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from atlas_perf.errors import PlanError, UsageError
from atlas_perf.outputs import extra_packages, scraped_text
from atlas_perf.outputs.prometheus_messages import MetricFamily, WriteRequest
from atlas_perf.outputs.prometheus_series import labels_of, stats_of
from atlas_perf.outputs.registry import parse_output
from atlas_perf.outputs.scrape_endpoint import ScrapeOutput

RUN = (
    batch(0, counted(REQS, 3), spread_ms(DURATION, *range(1, 101)), tallied(FAILED, 1, 4)),
    batch(1, counted(REQS, 2), levelled(DEPTH, 2.5, 1.5), counted(SENT, 1_000), last=True),
)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
    "text/plain;q=0.5"
)


def written(server: HttpReceiver) -> list:
    """Requests of remote write, decoded."""
    requests = []
    for received in server.requests:
        assert received.headers["Content-Encoding"] == "snappy"
        assert received.headers["X-Prometheus-Remote-Write-Version"] == "0.1.0"
        requests.append(WriteRequest())
        requests[-1].ParseFromString(bytes(cramjam.snappy.decompress_raw(received.body)))
    return requests


def test_remote_write_sends_totals_at_the_end_of_each_second():
    with HttpReceiver() as server:
        assert feed(parse_output(f"prometheus-rw={server.url}"), RUN) is None
    requests = written(server)
    assert {request.path for request in server.requests} == {"/api/v1/write"}
    points, dated = {}, set()
    for request in requests:
        for series in request.timeseries:
            labels = [(label.name, label.value) for label in series.labels]
            assert labels == sorted(labels)
            assert not (series.samples and series.histograms)
            for point in (*series.samples, *series.histograms):
                assert (*labels, point.timestamp) not in dated  # no moment is told of twice
                dated.add((*labels, point.timestamp))
                points[dict(labels)["__name__"], point.timestamp] = point
    began, first, second = ((START_UNIX_S + s) * 1000 for s in (0, 1, 2))
    assert points["k6_http_reqs_total", began].value == 0
    assert points["k6_data_sent_total", first].value == 0  # it begins with the second second
    assert points["k6_http_req_duration_seconds", began].count_int == 0
    assert ("k6_queue_depth", first) not in points  # a level has no zero before it
    assert ("k6_http_req_duration_max", began) not in points
    assert points["k6_http_reqs_total", first].value == 3
    assert points["k6_http_reqs_total", second].value == 5
    assert points["k6_data_sent_total", second].value == 1_000
    assert points["k6_queue_depth", second].value == 2.5
    assert points["k6_http_req_failed_rate", second].value == 0.25
    assert points["k6_http_req_duration_max", first].value == pytest.approx(0.1)
    histogram = points["k6_http_req_duration_seconds", second]
    assert (histogram.count_int, histogram.sum) == (100, pytest.approx(5.05))


def test_a_server_without_native_histograms_gets_all_else():
    refusal = (500, b"native histograms are disabled\n")
    with HttpReceiver((204, b""), refusal) as server:
        output = parse_output(f"prometheus-rw={server.url}")
        assert feed(output, RUN) is None
    told = output.told()
    assert told.complete
    assert "histograms were left out, since the server takes no native ones" in told.note
    kinds = [bool(one.timeseries[0].histograms) for one in written(server)]
    assert kinds == [False, True, False]


def test_the_statistics_are_those_of_k6s_variable():
    stats = stats_of({"K6_PROMETHEUS_RW_TREND_STATS": "p(99.9), avg,count"})
    assert [stat.suffix for stat in stats] == ["p999", "avg", "count"]
    assert [stat.suffix for stat in stats_of({})] == ["med", "p95", "p99", "max"]
    with pytest.raises(UsageError, match=r"K6_PROMETHEUS_RW_TREND_STATS: .*'p95'"):
        stats_of({"K6_PROMETHEUS_RW_TREND_STATS": "p95"})


@pytest.mark.parametrize(
    ("tags", "labels"),
    [
        ((("name", "list runs"),), [("name", "list runs")]),
        ((("a-b", "1"), ("a.b", "2")), [("a_b", "1;2")]),
        ((("1st", "x"), ("__name__", "y"), ("é", "z")), [("_", "z"), ("tag_1st", "x")]),
        ((("empty", ""),), []),
    ],
)
def test_any_tag_becomes_a_label(tags, labels):
    found = labels_of(tags)
    if tags[0][0] == "1st":
        labels = sorted([*labels, ("tag_name__", "y")])
    assert found == labels


@pytest.fixture
def endpoint() -> Iterator[ScrapeOutput]:
    output = ScrapeOutput("1", {}, longest_last_wait_s=0.0)
    output._address = ("127.0.0.1", 0)  # any free one
    output.start(test_plan(), ANCHOR, T0_NS)
    for one in (*RUN, batch(2, worker=0)):
        output.on_batch(one, SERIES.__getitem__)
    yield output
    output.close()


def scrape(output: ScrapeOutput, accept: str = "", path: str = "/metrics") -> tuple[str, bytes]:
    request = Request(f"http://127.0.0.1:{output.port}{path}", headers={"Accept": accept})
    with urlopen(request, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read()


def values(families) -> dict[str, float]:
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_a_scraper_gets_the_text_it_asks_for(endpoint):
    plain_type, plain = scrape(endpoint)
    open_type, text = scrape(endpoint, OPENMETRICS)
    assert plain_type.startswith("text/plain")
    assert open_type.startswith("application/openmetrics-text")
    assert openmetrics is not None
    for families in (
        text_string_to_metric_families(plain.decode()),
        openmetrics_parser.text_string_to_metric_families(text.decode()),
    ):
        found = values(families)
        assert found["k6_http_reqs_total"] == 5
        assert found["k6_http_req_failed_samples_total"] == 4
        assert found["k6_queue_depth"] == 2.5
        assert found["k6_http_req_duration_max"] == pytest.approx(0.1)


def test_a_scraper_that_asks_for_protobuf_gets_native_histograms(endpoint):
    content_type, body = scrape(endpoint, PROTOBUF)
    assert content_type.startswith("application/vnd.google.protobuf")
    families = {}
    while body:
        length = shift = used = 0
        while True:
            length |= (body[used] & 0x7F) << shift
            shift, used = shift + 7, used + 1
            if body[used - 1] < 0x80:
                break
        family = MetricFamily()
        family.ParseFromString(body[used : used + length])
        families[family.name] = family
        body = body[used + length :]
    assert families["k6_http_reqs_total"].metric[0].counter.value == 5
    assert families["k6_http_req_duration_seconds"].metric[0].histogram.sample_count == 100


def test_an_answer_is_made_once_in_each_format_until_totals_change(endpoint, monkeypatch):
    made = []
    numbers = scraped_text.numbers
    monkeypatch.setattr(scraped_text, "numbers", lambda *all: made.append(1) or numbers(*all))
    first = [scrape(endpoint, accept) for accept in (OPENMETRICS, PROTOBUF, "") for _ in range(3)]
    assert len(made) == len(set(first)) == 3
    endpoint.on_batch(batch(3, counted(REQS, 1)), SERIES.__getitem__)  # second 2 is complete
    scrape(endpoint, OPENMETRICS)
    assert len(made) == 4


def test_a_scraper_that_goes_away_has_scraped_nothing(endpoint):
    asked = threading.Event()
    give = endpoint._server.answer

    def large(accept: str) -> object:
        answer = give(accept)
        asked.set()
        return replace(answer, body=answer.body + b"\n" * 30_000_000)  # more than buffers hold

    endpoint._server.answer = large
    with socket.create_connection(("127.0.0.1", endpoint.port)) as leaving:
        leaving.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert asked.wait(30)
    endpoint.close()
    assert "nobody asked for /metrics" in endpoint.told().note


def test_only_metrics_are_served(endpoint):
    with pytest.raises(HTTPError) as missing:
        scrape(endpoint, path="/etc/passwd")
    assert missing.value.code == 404
    missing.value.close()


def test_connections_that_say_nothing_are_few_and_harmless(endpoint):
    silent = [socket.create_connection(("127.0.0.1", endpoint.port)) for _ in range(30)]
    before = threading.active_count()
    assert before < 30
    for one in silent:  # those that were let in, and reset instead of being read to an end
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()
    while True:
        try:
            assert b"k6_http_reqs_total" in scrape(endpoint)[1]
            return
        except OSError:  # their places are given back by and by
            continue


def test_what_nobody_scraped_is_said(endpoint):
    endpoint.close()
    told = endpoint.told()
    assert not told.complete
    assert "0 of 3 seconds were scraped: nobody asked for /metrics" in told.note


def test_seconds_after_the_last_scrape_are_said(endpoint):
    scrape(endpoint)
    with endpoint._changed:  # the scraper has all a moment before the endpoint knows
        assert endpoint._changed.wait_for(lambda: endpoint._scrapes, 30)
    endpoint.close()
    assert "2 of 3 seconds were scraped, the last 1 were not" in endpoint.told().note


def test_the_endpoint_stays_for_one_more_scrape():
    output = ScrapeOutput("1", {}, longest_last_wait_s=60.0)
    output._address = ("127.0.0.1", 0)
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(RUN[0], SERIES.__getitem__)
    scrape(output)
    waiting = threading.Event()
    output._until_next_scrape_s = lambda now_s: waiting.set() or 60.0
    closing = threading.Thread(target=output.close)
    closing.start()
    assert waiting.wait(30)
    assert b"k6_http_reqs_total" in scrape(output)[1]
    closing.join(30)
    assert not closing.is_alive()
    assert output.told().complete


@pytest.mark.parametrize("before_it_waits", [True, False])
def test_who_has_no_time_waits_for_no_scrape(before_it_waits):
    output = ScrapeOutput("1", {}, longest_last_wait_s=60.0)
    output._address = ("127.0.0.1", 0)
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(RUN[0], SERIES.__getitem__)
    waiting = threading.Event()
    output._until_next_scrape_s = lambda now_s: waiting.set() or 3_600.0
    closing = threading.Thread(target=output.close, daemon=True)
    if before_it_waits:
        output.hurry()
    closing.start()
    assert waiting.wait(30)
    assert "for Prometheus to scrape the last totals" in output.awaited()
    output.hurry()
    closing.join(30)
    assert not closing.is_alive()


@pytest.mark.parametrize(
    ("scrapes", "wait_s"),
    [
        ([], 0.0),  # nobody ever came
        ([98.0], 3.0),  # expected 5 s after its only scrape
        ([83.0, 98.0], 14.0),  # 15 s after the newest, or a second late
        ([60.0, 90.0], 16.0),  # no longer than the longest
        ([50.0, 65.0], 0.0),  # overdue: it comes no more
    ],
)
def test_a_scrape_is_waited_for_while_it_is_due(scrapes, wait_s):
    output = ScrapeOutput("1", {})
    output._scrapes = scrapes
    assert output._until_next_scrape_s(100.0) == wait_s


def test_a_taken_port_is_refused_before_any_load():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        output = parse_output(f"prometheus={taken.getsockname()[1]}")
        with pytest.raises(PlanError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already"):
            output.start(test_plan(), ANCHOR, T0_NS)


@pytest.mark.parametrize("kind", ["prometheus", "prometheus-rw"])
def test_a_missing_package_is_said_with_what_to_do(kind, monkeypatch):
    monkeypatch.setattr(extra_packages, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'atlas-perf\[outputs\]'"):
        parse_output(f"{kind}=127.0.0.1:1")
