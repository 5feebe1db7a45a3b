"""A real InfluxDB takes every line, and has the summary's numbers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import monitored_run
import pytest
from monitored_run import MonitoredRun
from prometheus_server import START_LIMIT_S, free_port, program, server_process

DATABASE = "load"


@dataclass(frozen=True)
class Influx:
    url: str

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series of an InfluxQL query."""
        parameters = urlencode({"db": DATABASE, "q": query, "epoch": "ns"})
        with urlopen(f"{self.url}/query?{parameters}", data=b"", timeout=20) as answer:
            (result,) = json.load(answer)["results"]
        assert "error" not in result, result
        return list(result.get("series", []))

    def number(self, query: str) -> float:
        (series,) = self.ask(query)
        ((_, value),) = series["values"]
        return float(value)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Influx]:
    """InfluxDB 1 on loopback, in this folder, until it is left."""
    port = free_port()
    settings = {
        "REPORTING_DISABLED": "true",
        "BIND_ADDRESS": f"127.0.0.1:{free_port()}",
        "HTTP_BIND_ADDRESS": f"127.0.0.1:{port}",
        "META_DIR": str(folder / "meta"),
        "DATA_DIR": str(folder / "data"),
        "DATA_WAL_DIR": str(folder / "wal"),
    }
    (folder / "none.conf").touch()
    command = [program("influxd"), "run", "-config", str(folder / "none.conf")]
    variables = {f"INFLUXDB_{name}": value for name, value in settings.items()}
    with server_process(command, folder, **variables) as server:
        influx = Influx(f"http://127.0.0.1:{port}")
        _await(influx, server)
        influx.ask(f"CREATE DATABASE {DATABASE}")
        yield influx


def _await(influx: Influx, server: subprocess.Popen[bytes]) -> None:
    for _ in range(START_LIMIT_S * 10):
        assert server.poll() is None, "it ended by itself"
        with contextlib.suppress(URLError, ConnectionError), urlopen(f"{influx.url}/ping"):
            return
        time.sleep(0.1)
    pytest.fail(f"it did not answer within {START_LIMIT_S} s")


@dataclass(frozen=True)
class Sent:
    influx: Influx
    run: MonitoredRun


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    folder = tmp_path_factory.mktemp("influxdb")
    (folder / "watched.py").write_text(monitored_run.SCENARIO)
    with running(folder) as influx:
        run = monitored_run.run(
            folder,
            *("watched.py", "--environment", "embedded", "-p", "2"),
            *("--out", f"influxdb={influx.url}/write?db={DATABASE}"),
        )
        yield Sent(influx, run)


def test_every_line_is_taken(sent):
    assert [one["complete"] for one in sent.run.summary["outputs"]] == [True], sent.run.stderr


@pytest.mark.parametrize("metric", ["http_reqs", "iterations", "data_received", "odd_tags"])
def test_counts_are_exactly_the_summarys(sent, metric):
    counted = sent.influx.number(f'SELECT sum("value") FROM "{metric}"')
    assert counted == sent.run.values(metric)["count"]


def test_shares_are_exactly_the_summarys(sent):
    checks = sent.run.values("checks")
    assert sent.influx.number('SELECT sum("passes") FROM "checks"') == checks["passes"]
    samples = sent.influx.number('SELECT sum("samples") FROM "checks"')
    assert samples == checks["passes"] + checks["fails"]


def test_trends_have_the_summarys_ends_and_counts(sent):
    size = sent.run.values("answer_size")
    assert sent.influx.number('SELECT sum("count") FROM "answer_size"') == size["count"]
    assert sent.influx.number('SELECT max("max") FROM "answer_size"') == size["max"]
    assert sent.influx.number('SELECT min("min") FROM "answer_size"') == size["min"]


def test_tags_come_as_they_were_recorded_and_no_point_is_of_the_future(sent):
    by_name = sent.influx.ask('SELECT sum("value") FROM "http_reqs" GROUP BY "name"')
    counted = {one["tags"]["name"]: one["values"][0][1] for one in by_name}
    assert counted == {one["name"]: one["requests"] for one in sent.run.summary["endpoints"]}
    odd = sent.influx.ask('SHOW TAG VALUES FROM "odd_tags" WITH KEY = "é"')
    assert [value for _, value in odd[0]["values"]], odd
    (vus,) = sent.influx.ask('SELECT "value" FROM "vus"')
    assert max(at_ns for at_ns, _ in vus["values"]) <= time.time_ns()
