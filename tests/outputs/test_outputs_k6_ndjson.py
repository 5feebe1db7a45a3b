"""`--out json=FILE` against literal lines of k6, and what a full disk may do."""

from __future__ import annotations

import errno
import gzip
import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError
from atlas_perf.model.batch import Batch, NewSeries, WorkerHealth
from atlas_perf.model.metric import BUILTIN_METRICS, Contains, Metric, MetricKind
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan, ThresholdPlan
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.k6_ndjson import K6NdjsonOutput, go_number
from atlas_perf.units import NS_PER_MS, NS_PER_S

T0_NS = 5 * NS_PER_S
ANCHOR = WallAnchor(monotonic_ns=T0_NS, unix_ns=1_795_442_712_000_000_000)  # 14:05:12 UTC

GET = {
    "expected_response": "true",
    "method": "GET",
    "name": "http://h/?a=1&b=<é>",
    "scenario": "api",
    "status": "200",
}
SERIES = {
    1: NewSeries(1, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags_of(GET))),
    2: NewSeries(
        2, BUILTIN_METRICS["http_req_duration"], Series("http_req_duration", tags_of(GET))
    ),
    3: NewSeries(3, BUILTIN_METRICS["data_sent"], Series("data_sent")),
}


def plan(*thresholds: tuple[str, str]) -> TestPlan:
    return TestPlan(
        name="api",
        file="api.py",
        file_sha256="00",
        scenarios=(ScenarioPlan("api", ConstantVUs(1, NS_PER_S)),),
        thresholds=tuple(ThresholdPlan(*one) for one in thresholds),
    )


def batch(*samples: tuple[int, int, float], worker: int = 0) -> Batch:
    return Batch(worker, 0, 0, samples=b"".join(struct.pack("<Iqd", *one) for one in samples))


def started(path: Path, *thresholds: tuple[str, str]) -> K6NdjsonOutput:
    output = K6NdjsonOutput(path)
    output.start(plan(*thresholds), ANCHOR, T0_NS)
    return output


def test_the_lines_are_k6s(tmp_path):
    path = tmp_path / "samples.json"
    thresholds = (("http_req_duration", "p(95)<500"), ("http_req_duration{status:200}", "max<9"))
    output = started(path, *thresholds)
    output.on_batch(
        batch((1, 0, 1.0), (2, 1, 12.5 * NS_PER_MS), (2, 1_500_000_000, 3.0 * NS_PER_MS)),
        SERIES.__getitem__,
    )
    output.on_batch(batch((1, NS_PER_S, 1.0), (3, 60 * NS_PER_S, 310.0)), SERIES.__getitem__)
    assert output.close() is None
    tags = (
        '"tags":{"expected_response":"true","method":"GET","name":"http://h/?a=1&b=<é>",'
        '"scenario":"api","status":"200"}'
    )
    assert path.read_text(encoding="utf-8").splitlines() == [
        '{"type":"Metric","data":{"name":"http_reqs","type":"counter","contains":"default",'
        '"thresholds":[],"submetrics":null},"metric":"http_reqs"}',
        '{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-23T14:05:12Z","value":1,'
        + tags
        + "}}",
        '{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time",'
        '"thresholds":["p(95)<500"],"submetrics":null},"metric":"http_req_duration"}',
        '{"metric":"http_req_duration","type":"Point","data":'
        '{"time":"2026-11-23T14:05:12.000000001Z","value":12.5,' + tags + "}}",
        '{"metric":"http_req_duration","type":"Point","data":'
        '{"time":"2026-11-23T14:05:13.5Z","value":3,' + tags + "}}",
        '{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-23T14:05:13Z","value":1,'
        + tags
        + "}}",
        '{"type":"Metric","data":{"name":"data_sent","type":"counter","contains":"data",'
        '"thresholds":[],"submetrics":null},"metric":"data_sent"}',
        '{"metric":"data_sent","type":"Point","data":{"time":"2026-11-23T14:06:12Z","value":310,'
        '"tags":{}}}',
    ]


def test_a_gauge_that_adds_up_over_workers_is_a_point_like_any_other(tmp_path):
    output = started(tmp_path / "s")
    output.on_gauge(BUILTIN_METRICS["vus"], tags_of({"team": "red"}), NS_PER_S, 7.0)
    output.on_gauge(BUILTIN_METRICS["vus"], (), 2 * NS_PER_S, 5.0)
    assert output.close() is None
    assert (tmp_path / "s").read_text().splitlines() == [
        '{"type":"Metric","data":{"name":"vus","type":"gauge","contains":"default",'
        '"thresholds":[],"submetrics":null},"metric":"vus"}',
        '{"metric":"vus","type":"Point","data":{"time":"2026-11-23T14:05:13Z","value":7,'
        '"tags":{"team":"red"}}}',
        '{"metric":"vus","type":"Point","data":{"time":"2026-11-23T14:05:14Z","value":5,'
        '"tags":{}}}',
    ]


def test_names_with_quotes_and_control_characters_stay_json(tmp_path):
    name = 'a"b\\c\n\x1b'
    metric = Metric("queue", MetricKind.GAUGE, Contains.DEFAULT)
    series = NewSeries(9, metric, Series("queue", tags_of({"name": name})))
    output = started(tmp_path / "s")
    output.on_batch(batch((9, 0, -1.5)), lambda number: series)
    output.close()
    lines = [json.loads(line) for line in (tmp_path / "s").read_text().splitlines()]
    assert lines[1]["data"]["tags"] == {"name": name}
    assert lines[1]["data"]["value"] == -1.5


def test_each_workers_numbers_are_its_own(tmp_path):
    output = started(tmp_path / "s")
    output.on_batch(batch((1, 0, 1.0), worker=0), lambda number: SERIES[1])
    output.on_batch(batch((1, 0, 7.0), worker=1), lambda number: SERIES[3])
    output.close()
    lines = [json.loads(line) for line in (tmp_path / "s").read_text().splitlines()]
    assert [line["metric"] for line in lines] == [
        "http_reqs",
        "http_reqs",
        "data_sent",
        "data_sent",
    ]


def test_a_name_in_gz_is_compressed(tmp_path):
    output = started(tmp_path / "samples.json.gz")
    output.on_batch(batch((1, 0, 1.0)), SERIES.__getitem__)
    assert output.close() is None
    with gzip.open(tmp_path / "samples.json.gz", "rt") as file:
        assert [json.loads(line)["type"] for line in file] == ["Metric", "Point"]


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path):
    with pytest.raises(PlanError, match=r"--out json: .*No such file or directory"):
        K6NdjsonOutput(tmp_path / "no" / "samples.json")


def test_an_older_file_is_replaced_only_when_the_run_starts(tmp_path):
    path = tmp_path / "samples.json"
    path.write_text("older\n")
    output = K6NdjsonOutput(path)
    assert path.read_text() == "older\n"
    output.start(plan(), ANCHOR, T0_NS)
    output.close()
    assert path.read_text() == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_stops_the_output_and_not_the_run():
    output = started(Path("/dev/full"))
    many = batch(*[(1, number, 1.0) for number in range(10_000)])
    for _ in range(3):
        output.on_batch(many, SERIES.__getitem__)
    sentence = output.close()
    assert sentence is not None
    assert "--out json: /dev/full cannot be written: No space left on device" in sentence
    assert "samples are missing" in sentence
    assert output.close() == sentence


def test_what_a_full_disk_lost_is_counted(tmp_path, monkeypatch):
    class FullAfterOne:
        writes = 0

        def write(self, text) -> None:
            self.writes += 1
            if self.writes > 1:
                raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    monkeypatch.setattr(K6NdjsonOutput, "_open", lambda self: FullAfterOne())
    output = started(tmp_path / "s")
    for _ in range(4):
        output.on_batch(batch((1, 0, 1.0), (1, 1, 1.0)), SERIES.__getitem__)
    output.on_gauge(BUILTIN_METRICS["vus"], (), 0, 1.0)
    assert "the file is incomplete, at least 7 samples are missing: " in str(output.close())


def test_samples_that_workers_had_no_room_for_are_missing_and_said_to_be(tmp_path):
    output = started(tmp_path / "s")
    for dropped in (0, 3, 4):
        health = WorkerHealth(dropped_samples=dropped)
        output.on_batch(replace(batch((1, 0, 1.0)), health=health), SERIES.__getitem__)
    assert "s is incomplete, 7 samples are missing" in str(output.close())


def test_an_output_that_was_never_started_closes_quietly(tmp_path):
    assert K6NdjsonOutput(tmp_path / "s").close() is None


def test_it_asks_for_every_sample(tmp_path):
    assert K6NdjsonOutput(tmp_path / "s").wants_samples


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.0, "0"),
        (-3.0, "-3"),
        (12.5, "12.5"),
        (0.1, "0.1"),
        (0.00001, "0.00001"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
        (123456789012345680.0, "123456789012345680"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (2.5e300, "2.5e+300"),
    ],
)
def test_numbers_are_written_as_go_writes_them(value, text):
    assert go_number(value) == text
    assert float(text) == value
