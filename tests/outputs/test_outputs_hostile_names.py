"""Tags of any characters: every format stays readable, and no two series become one."""

from __future__ import annotations

import csv
import json
import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import cramjam
import pytest
from http_receiver import HttpReceiver
from line_protocol_parser import parse_line
from made_batches import ANCHOR, T0_NS, test_plan

from atlas_perf.model.batch import Batch, CounterDelta, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.base import Output
from atlas_perf.outputs.prometheus_messages import WriteRequest
from atlas_perf.outputs.registry import parse_output

HOSTILE = (
    {},
    {"empty": ""},
    {"a-b": "1"},
    {"a.b": "1"},
    {"a_b": "1"},
    {"new\nline": "x\nk6.evil:1|c"},
    {"new line": "x k6.evil:1|c"},
    {"quotes": '\'"`\\"'},
    {"nul": "\0"},
    {"control": "\x1b[31m\r\x7f\u2028"},
    {"formula": "=cmd|'/c calc'!A1"},
    {"comma,equals=": "a=b,c d"},
    {"é✓": "é✓𝄞"},
    {"__name__": "mine"},
    {"test": "mine"},
    {"1st": "digit"},
    {"surrogate": "\ud800"},
    {"long": "x" * 5_000},
    {"k" * 300: "long name"},
)
SERIES = {
    number: NewSeries(number, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags_of(tags)))
    for number, tags in enumerate(HOSTILE)
}


def one_second(output: Output) -> None:
    """Series number n counts n + 1."""
    output.start(test_plan(), ANCHOR, T0_NS)
    deltas = tuple(CounterDelta(number, 1, number + 1.0) for number in SERIES)
    output.on_batch(Batch(0, 0, 0, deltas=deltas, last=True), SERIES.__getitem__)
    assert output.close() is None


def all_counted(amounts: list[float]) -> bool:
    return sorted(amounts) == [number + 1 for number in SERIES]


def test_prometheus_gets_each_series_once_under_lawful_labels():
    with HttpReceiver() as server:
        one_second(parse_output(f"prometheus-rw={server.url}"))
    request = WriteRequest()
    request.ParseFromString(bytes(cramjam.snappy.decompress_raw(server.requests[0].body)))
    found = {}
    for series in request.timeseries:
        labels = {label.name: label.value for label in series.labels}
        assert len(labels) == len(series.labels)
        assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in labels)
        assert all(labels.values())
        assert [name for name in labels if name.startswith("__")] == ["__name__"]
        key = tuple(labels.items())
        assert key not in found
        found[key] = series.samples[-1].value
    assert all_counted([v for k, v in found.items() if ("__name__", "k6_http_reqs_total") in k])


def test_influxdb_gets_each_series_once(tmp_path):
    one_second(parse_output(f"influxdb={tmp_path}/run.lp"))
    text = (tmp_path / "run.lp").read_text()
    lines = [parse_line(line) for line in text.removesuffix("\n").split("\n")]
    reqs = [one for one in lines if one["measurement"] == "http_reqs"]
    assert len({json.dumps(one["tags"]) for one in reqs}) == len(reqs)
    assert all_counted([one["fields"]["value"] for one in reqs])


@pytest.fixture
def packets() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(30)
        yield listening


def test_dogstatsd_gets_each_series_once_and_nothing_else(packets):
    one_second(parse_output(f"dogstatsd=127.0.0.1:{packets.getsockname()[1]}"))
    lines: list[str] = []
    while not any(line.startswith("k6.generator_open_files") for line in lines):  # the last one
        lines += packets.recv(65_536).decode().split("\n")
    assert all(re.fullmatch(r"k6\.[a-z_.]+:[-0-9.e+]+\|[cg]\|#[^|\n]*", one) for one in lines)
    reqs = [line for line in lines if line.startswith("k6.http_reqs:")]
    assert len({line.partition("#")[2] for line in reqs}) == len(reqs)
    assert all_counted([float(line.partition(":")[2].partition("|")[0]) for line in reqs])


def sampled(output: Output) -> None:
    samples = b"".join(struct.pack("<Iqd", number, 1, number + 1.0) for number in SERIES)
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(Batch(0, 0, 0, samples=samples, last=True), SERIES.__getitem__)
    assert output.close() is None


def test_samples_of_json_have_every_tag_as_it_was(tmp_path):
    sampled(parse_output(f"json={tmp_path}/a.json"))
    points = [json.loads(line) for line in (tmp_path / "a.json").read_text().split("\n")[1:-1]]
    assert [one["data"]["value"] for one in points] == [number + 1 for number in SERIES]
    assert [one["data"]["tags"] for one in points] == list(HOSTILE)


def test_rows_of_csv_stay_rows(tmp_path):
    sampled(parse_output(f"csv={tmp_path}/a.csv"))
    with Path(tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all_counted([float(row["metric_value"]) for row in rows])
    extra = ["&".join(f"{k}={v}" for k, v in tags.items()) for tags in HOSTILE]
    assert [row["extra_tags"] for row in rows] == [
        one.encode(errors="backslashreplace").decode() for one in extra
    ]
