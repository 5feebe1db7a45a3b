"""`--out kind=target`."""

from __future__ import annotations

import pytest

from atlas_perf.errors import PlanError, UsageError
from atlas_perf.outputs.k6_csv import K6CsvOutput
from atlas_perf.outputs.k6_ndjson import K6NdjsonOutput
from atlas_perf.outputs.live_output import LiveOutput
from atlas_perf.outputs.registry import OUTPUT_KINDS, parse_output, refuse_same_file, writes_file


@pytest.mark.parametrize(("kind", "made"), [("json", K6NdjsonOutput), ("csv", K6CsvOutput)])
def test_files_of_samples_are_k6s(tmp_path, kind, made):
    assert isinstance(parse_output(f"{kind}={tmp_path}/a=b.json"), made)
    assert (tmp_path / "a=b.json").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("jsn=x", "--out jsn: there is no output 'jsn', did you mean 'json'?"),
        ("kafka=x", f"there is no output 'kafka', there is {', '.join(OUTPUT_KINDS)}"),
        ("", "there is no output ''"),
        ("json", "json needs a target: write --out json=FILE"),
        ("json=", "json needs a target"),
        (
            "json=http://h/x",
            "json needs a FILE: to a URL go influxdb, opentelemetry, prometheus-rw",
        ),
        ("influxdb=h.example:8086", "a file of this name is influxdb=./h.example:8086"),
        ("influxdb=localhost:8086/api/v2/write?b=x", "URL begins with http:// or https://"),
        ("statsd", "--out statsd needs a target: write --out statsd=HOST:PORT"),
        ("statsd=host:x", "--out statsd needs an address, such as statsd=127.0.0.1:8125"),
        ("statsd=host:70000", "a port from 1 to 65535"),
        ("statsd=http://host:1/", "--out statsd needs an address"),
        ("influxdb=http:///x", "--out influxdb needs a URL"),
        ("influxdb=ftp://host/x", "--out influxdb needs a URL"),
        ("influxdb=http://h:99999/x", "--out influxdb needs a URL"),
        ("influxdb=http://h/a b", "has a fragment, blanks or control characters"),
        ("influxdb=http://h/\r\nX: y", "has a fragment, blanks or control characters"),
    ],
)
def test_a_wrong_output_is_refused_with_what_is_right(text, says):
    with pytest.raises(UsageError) as refused:
        parse_output(text)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "influx=http://admin:hunter2secret@h/x",
        "json=http://admin:hunter2secret@h/x",
        "influxdb=ftp://admin:hunter2secret@h/x",
        "influxdb=http://admin:hunter2secret@h/x#y",
        "statsd=admin:hunter2secret@h",
    ],
)
def test_no_refusal_shows_a_password(text):
    with pytest.raises(UsageError) as refused:
        parse_output(text)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", ["json", "csv", "influxdb", "parquet"])
def test_an_unwritable_target_is_refused(tmp_path, kind):
    with pytest.raises(PlanError, match=f"--out {kind}: .* cannot be written: Is a directory"):
        parse_output(f"{kind}={tmp_path}")


@pytest.mark.parametrize("kind", ["json", "csv", "influxdb", "parquet"])
def test_no_file_goes_where_the_summary_goes(kind):
    with pytest.raises(UsageError, match="the summary and the progress go there"):
        parse_output(f"{kind}=-")


def test_two_outputs_do_not_write_one_file(tmp_path):
    refuse_same_file([f"json={tmp_path}/a", f"csv={tmp_path}/b", "json=/dev/null", "csv=/dev/null"])
    (tmp_path / "link").symlink_to(tmp_path / "a")
    for other in (f"csv={tmp_path}/a", f"json={tmp_path}/x/../a", f"influxdb={tmp_path}/link"):
        with pytest.raises(UsageError, match="json goes there already"):
            refuse_same_file([f"json={tmp_path}/a", other])


def test_what_signs_requests_is_not_in_the_name():
    output = parse_output(
        "influxdb=https://admin:hunter2secret@h:8086/api/v2/write?bucket=b&token=hunter2secret"
    )
    assert isinstance(output, LiveOutput)
    assert output.told().name == "influxdb=https://h:8086/api/v2/write"


def test_a_file_is_told_from_a_receiver():
    assert writes_file("influxdb=lines.lp")
    assert writes_file("csv=samples.csv")
    assert not writes_file("influxdb=http://h/")
    assert not writes_file("statsd=h")
    assert not writes_file("unknown=h")
