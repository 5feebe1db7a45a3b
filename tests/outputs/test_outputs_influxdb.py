"""InfluxDB's line protocol, read by a parser that is not ours, and its write API."""

from __future__ import annotations

from pathlib import Path

import pytest
from http_receiver import HttpReceiver
from line_protocol_parser import parse_line
from made_batches import (
    ANCHOR,
    DEPTH,
    DURATION,
    FAILED,
    GET,
    REQS,
    SENT,
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

from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.registry import parse_output
from atlas_perf.units import NS_PER_S

RUN = (
    batch(0, counted(REQS, 3), spread_ms(DURATION, *range(1, 101)), tallied(FAILED, 1, 4)),
    batch(1, counted(REQS, 2), levelled(DEPTH, 2.5, 1.5), counted(SENT, 1_000), last=True),
)


def lines_of(text: str) -> list[dict]:
    lines = [parse_line(line) for line in text.splitlines()]
    return [one for one in lines if not one["measurement"].startswith("generator_")]


def test_a_file_has_a_line_for_each_series_of_each_second(tmp_path):
    output = parse_output(f"influxdb={tmp_path}/run.lp")
    assert feed(output, RUN) is None
    lines = lines_of((tmp_path / "run.lp").read_text())
    first, second = ((START_UNIX_S + s) * NS_PER_S for s in (1, 2))
    tags = {**GET, "test": "api"}
    found = {(one["measurement"], one["time"]): one for one in lines}
    assert len(found) == len(lines) == 6
    assert found["http_reqs", first]["fields"] == {"value": 3.0}
    assert found["http_reqs", first]["tags"] == tags
    assert found["http_reqs", second]["fields"] == {"value": 2.0}
    assert found["data_sent", second]["fields"] == {"value": 1000.0}
    assert found["queue_depth", second] == {
        "measurement": "queue_depth",
        "tags": {"test": "api"},
        "fields": {"value": 2.5},
        "time": second,
    }
    assert found["http_req_failed", first]["fields"] == {"passes": 1, "samples": 4, "value": 0.25}
    duration = found["http_req_duration", first]["fields"]
    assert (duration["count"], duration["min"], duration["max"]) == (100, 1.0, 100.0)
    assert duration["sum"] == pytest.approx(5050)
    assert duration["avg"] == pytest.approx(50.5)
    for name, exact in (("med", 50), ("p90", 90), ("p95", 95), ("p99", 99)):
        assert duration[name] == pytest.approx(exact, rel=0.021)


@pytest.mark.parametrize(
    "text",
    ["a b,c=d", "back\\slash\\", "new\nline\r\t\0", 'quo"te', "é✓", "=,", " lead and trail "],
)
def test_names_of_any_characters_stay_one_line(tmp_path, text):
    series = NewSeries(0, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags_of({text: text})))
    output = parse_output(f"influxdb={tmp_path}/run.lp")
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(Batch(0, 0, 0, deltas=(counted(0, 1),)), lambda number: series)
    assert output.close() is None
    (line,) = lines_of((tmp_path / "run.lp").read_text())
    assert line["measurement"] == "http_reqs"
    ((key, value),) = (pair for pair in line["tags"].items() if pair != ("test", "api"))
    assert key == value
    if text.isprintable() and "\\" not in text:
        assert value == text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_the_lines_is_missing_and_said_to_be():
    output = parse_output("influxdb=/dev/full")
    missing = feed(output, RUN)
    assert missing is not None
    assert "0 of 2 seconds were delivered, 2 were lost: No space left on device" in missing


def test_a_server_gets_lines_with_its_token():
    with HttpReceiver() as server:
        variables = {"ATLAS_PERF_OUT_INFLUXDB_TOKEN": "s3cret-of-influx"}
        url = f"{server.url}/api/v2/write?org=o&bucket=b"
        output = parse_output(f"influxdb={url}", variables=variables)
        assert feed(output, RUN) is None
    assert output.told().complete
    assert {request.path for request in server.requests} == {"/api/v2/write?org=o&bucket=b"}
    assert {request.headers["Authorization"] for request in server.requests} == {
        "Token s3cret-of-influx"
    }
    lines = [line for request in server.requests for line in lines_of(request.body.decode())]
    assert len(lines) == 6


def test_a_url_without_a_path_means_the_write_api():
    with HttpReceiver() as server:
        assert feed(parse_output(f"influxdb={server.url}"), RUN) is None
    assert {request.path for request in server.requests} == {"/api/v2/write"}


def test_seconds_that_are_longer_are_fewer_lines(tmp_path):
    output = parse_output(f"influxdb={tmp_path}/run.lp", interval_s=5)
    assert feed(output, RUN) is None
    lines = lines_of((tmp_path / "run.lp").read_text())
    assert {one["time"] for one in lines} == {(START_UNIX_S + 2) * NS_PER_S}  # when the run ended
    (reqs,) = (one for one in lines if one["measurement"] == "http_reqs")
    assert reqs["fields"] == {"value": 5.0}
    assert output.told().seconds == 2
