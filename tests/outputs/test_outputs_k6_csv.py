"""`--out csv=FILE` against literal rows of k6."""

from __future__ import annotations

import csv
import struct

from made_batches import ANCHOR, SERIES, START_UNIX_S, T0_NS, test_plan

from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.k6_csv import K6CsvOutput
from atlas_perf.units import NS_PER_MS, NS_PER_S


def batch(*samples: tuple[int, int, float]) -> Batch:
    return Batch(0, 0, 0, samples=b"".join(struct.pack("<Iqd", *one) for one in samples))


def test_the_rows_are_k6s(tmp_path):
    output = K6CsvOutput(tmp_path / "s.csv")
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(batch((0, 0, 1.0), (1, NS_PER_S, 12.5 * NS_PER_MS)), SERIES.__getitem__)
    output.on_gauge(BUILTIN_METRICS["vus"], (), 2 * NS_PER_S, 7.0)
    assert output.close() is None
    assert (tmp_path / "s.csv").read_text().splitlines() == [
        "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,"
        "name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata",
        f"http_reqs,{START_UNIX_S},1.000000,,,,true,,GET,list,,api,,,,,,,",
        f"http_req_duration,{START_UNIX_S + 1},12.500000,,,,true,,GET,list,,api,,,,,,,",
        f"vus,{START_UNIX_S + 2},7.000000,,,,,,,,,,,,,,,,",
    ]
    assert (output.told().name, output.told().complete) == (f"csv={tmp_path}/s.csv", True)


def test_names_and_values_of_tags_may_be_anything(tmp_path):
    tags = {"name": 'a,"b"\nc', "region": "eu", "team": "=&,"}
    series = NewSeries(1, BUILTIN_METRICS["http_reqs"], Series("http_reqs", tags_of(tags)))
    output = K6CsvOutput(tmp_path / "s.csv")
    output.start(test_plan(), ANCHOR, T0_NS)
    output.on_batch(batch((1, 0, 1.0)), lambda number: series)
    output.close()
    with (tmp_path / "s.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == tags["name"]
    assert row["extra_tags"] == "region=eu&team==&,"
