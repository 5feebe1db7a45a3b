"""`atlas-perf bench`: what is sent, what is said, and the exit code."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from command_outcome import Outcome

from atlas_perf.cli import conduct
from atlas_perf.cli.bench import bench_plan
from atlas_perf.cli.bench_request import REQUEST_VARIABLE, BenchRequest, bench_request
from atlas_perf.cli.calibration import CalibrationLoad
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.errors import UsageError
from atlas_perf.model.plan import ConstantArrivalRate, WhenBusy
from atlas_perf.model.summary import Calibration, Floor
from atlas_perf.report.summary_json import summary_from_json
from atlas_perf.units import NS_PER_S

Command = Callable[..., Outcome]


class Server(ThreadingHTTPServer):
    """Remembers what it was asked: method, path, headers, body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, self.path, headers, body))
        status = int(self.path.removeprefix("/") or 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_PUT = do_GET

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


SHORT = ("-c", "2", "-d", "300ms", "-p", "1")


def test_a_url_is_all_it_needs_and_every_request_is_counted(
    atlas_perf: Command, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "summary.json"
    outcome = atlas_perf("bench", f"{server.url}/", *SHORT, "--summary", str(file))

    assert outcome.exit_code == 0, outcome.stdout + outcome.stderr
    summary = summary_from_json(file.read_text())
    count = int(summary.metrics["http_reqs"].values["count"])
    assert count == len(server.asked) > 0
    assert f"200: {count:,}" in outcome.stdout
    assert f"GET {server.url}/ · 2 connections · 1 worker" in outcome.stdout
    for word in ("requests/s", "p50", "p75", "p90", "p95", "p99.9", "max", "█", "connect: 2 times"):
        assert word in outcome.stdout
    assert "CPU cores" in outcome.stdout
    assert "PASS" in outcome.stdout.splitlines()[-1]
    assert "\x1b" not in outcome.stdout
    assert f"summary: {file}" in outcome.stderr


def test_at_a_rate_response_and_service_time_are_told_and_every_request_is_sent(
    atlas_perf: Command, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "summary.json"
    outcome = atlas_perf(
        *("bench", f"{server.url}/", "-c", "3", "-d", "500ms", "-p", "2", "--rate", "100"),
        *("--summary", str(file)),
    )
    summary = summary_from_json(file.read_text())
    assert len(server.asked) == summary.metrics["http_reqs"].values["count"] == 50
    assert summary.metrics["http_req_response_time"].values["count"] == 50
    assert summary.metrics["iteration_lag"].values["count"] == 50
    assert f"GET {server.url}/ · 100/s · 3 connections · 2 workers" in outcome.stdout
    for words in (
        "RESPONSE TIME, from when a request was due",
        "SERVICE TIME, from when it was sent",
        "50 requests fell due, and all were sent.",
        "The generator itself was late by less than",
        "waited for",
    ):
        assert words in outcome.stdout.replace("had to wait for", "waited for"), words


def test_what_begins_in_the_warm_up_is_asked_and_not_counted(
    atlas_perf: Command, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "summary.json"
    outcome = atlas_perf(
        *("bench", f"{server.url}/", "-c", "2", "-d", "500ms", "-p", "1", "--rate", "100"),
        *("--warm-up", "200ms", "--summary", str(file)),
    )
    summary = summary_from_json(file.read_text())
    assert len(server.asked) == 50
    for name in ("http_reqs", "http_req_response_time", "iteration_lag"):
        assert summary.metrics[name].values["count"] == 30, name
    assert sum(endpoint.requests for endpoint in summary.endpoints) == 30
    assert " after 200ms of warm-up" in outcome.stdout
    assert "50 requests fell due, the warm-up's included, and all were sent." in outcome.stdout


@pytest.mark.parametrize(
    ("floor_ms", "max_per_s", "exit_code", "says"),
    [
        (1e-6, 1e9, 0, "calibrated: at most 1,000,000,000 requests/s"),
        (60_000.0, 1e9, 3, "of a server that takes no time"),
        (1e-6, 1e-3, 3, "requests were made at over 80 %"),
    ],
)
def test_a_bench_is_held_against_the_generator(
    *,
    atlas_perf: Command,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    floor_ms: float,
    max_per_s: float,
    exit_code: int,
    says: str,
) -> None:
    loads: list[CalibrationLoad] = []
    floor = Floor(100.0, *[floor_ms] * 6, lag_p99_ms=0.0)

    def measured(load: CalibrationLoad, _: StopSignals) -> Calibration:
        loads.append(load)
        return Calibration(1, 2, 8, load.payload_bytes, max_per_s, 1.0, 0.5, (floor,))

    monkeypatch.setattr(conduct, "calibrate", measured)
    outcome = atlas_perf("bench", f"{server.url}/", *SHORT, "--calibrate", "--payload", "2kB")
    assert outcome.exit_code == exit_code, outcome.stdout
    assert says in outcome.stdout
    assert "bench: calibrating for 5s" in outcome.stderr
    assert [(one.processes, one.connections, one.payload_bytes) for one in loads] == [(1, 2, 2_000)]


def test_a_rate_beyond_the_target_is_told_and_proves_nothing(atlas_perf: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and answers nothing
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        outcome = atlas_perf(
            *("bench", url, "-c", "1", "-d", "300ms", "-p", "1", "--rate", "100"),
            *("--timeout", "200ms"),
        )
    assert outcome.exit_code == 3
    said = " ".join(outcome.stdout.split())
    assert "30 requests fell due; " in said
    assert "were never sent, since no connection came free in time: they are in no latency." in said
    assert "waited for one of the 1 connections" in said


def test_method_headers_and_body_are_sent_and_credentials_are_not_kept(
    atlas_perf: Command, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "summary.json"
    body = tmp_path / "body"
    body.write_bytes(b"\x00\xff raw")
    outcome = atlas_perf(
        *("bench", f"{server.url}/", *SHORT, "-X", "put", "--quiet", "--name", "put it"),
        *("-H", "X-Api-Secret: open sesame", "--body", f"@{body}", "--summary", str(file)),
    )
    assert outcome.exit_code == 0, outcome.stdout
    assert outcome.stderr == ""
    method, _, headers, sent = server.asked[0]
    assert (method, headers["x-api-secret"], sent) == ("PUT", "open sesame", b"\x00\xff raw")
    assert "PUT put it" in outcome.stdout
    assert "open sesame" not in file.read_text()


def test_json_is_posted_with_its_type(atlas_perf: Command, server: Server) -> None:
    outcome = atlas_perf("bench", f"{server.url}/", *SHORT, "--json", '{"a": 1}')
    assert outcome.exit_code == 0, outcome.stdout
    method, _, headers, sent = server.asked[0]
    assert (method, headers["content-type"], sent) == ("POST", "application/json", b'{"a": 1}')


def test_a_redirect_is_an_answer(atlas_perf: Command, server: Server) -> None:
    outcome = atlas_perf("bench", f"{server.url}/302", *SHORT)
    assert outcome.exit_code == 0, outcome.stdout
    assert {path for _, path, _, _ in server.asked} == {"/302"}


def test_failures_are_a_fail(atlas_perf: Command, server: Server) -> None:
    outcome = atlas_perf("bench", f"{server.url}/500", *SHORT)
    assert outcome.exit_code == 1
    assert "http_req_failed" in outcome.stdout
    assert "500: " in outcome.stdout
    assert "p99" not in outcome.stdout  # no latency without a success


def test_a_dead_target_is_a_fail_with_its_error_code(atlas_perf: Command) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else answers there
        taken.bind(("127.0.0.1", 0))
        outcome = atlas_perf("bench", f"http://127.0.0.1:{taken.getsockname()[1]}/", *SHORT)
    assert outcome.exit_code == 1
    assert "no answer: " in outcome.stdout
    assert "error 1212 connection refused: " in outcome.stdout
    assert "no request succeeded: " in outcome.stdout
    assert "requests/s" not in outcome.stdout  # a rate of failures is no throughput


def test_colour_is_for_terminals(
    atlas_perf: Command, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in atlas_perf("bench", f"{server.url}/", *SHORT, "--quiet").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in atlas_perf("bench", f"{server.url}/", *SHORT, "--quiet").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["localhost:80"], ["http://host:port/path"]),
        (["ftp://h/"], ["http"]),
        (["http://h:0/"], ["port"]),
        (["http://h:x/"], ["port"]),
        (["http://h/", "-H", "no colon"], ["'Name: value'"]),
        (["http://h/", "-H", ": empty"], ["'Name: value'"]),
        (["http://h/", "-H", "a b: c"], ["a b"]),
        (["http://h/", "-H", "Content-Length: 3"], ["Content-Length"]),
        (["http://h/", "-H", "A: 1", "-H", "a: 2"], ["twice"]),
        (["http://h/", "-X", "G T"], ["G T", "method"]),
        (["http://h/", "--json", "{"], ["--json"]),
        (["http://h/", "--json", "{}", "--body", "x"], ["--json", "--body"]),
        (["http://h/", "--body", "@no/such/file"], ["no/such/file"]),
        (["http://h/", "--summary", "no/such/file"], ["no/such"]),
        (["http://h/", "-c", "0"], ["--connections"]),
        (["http://h/", "-d", "10"], ["30s"]),
        (["http://h/", "--rate", "0"], ["--rate"]),
        (["http://h/", "--rps", "5"], ["--rps"]),
        (["http://h/", "-d", "5s", "--warm-up", "5s"], ["--warm-up 5s", "5s to measure"]),
        (["http://h/", "--payload", "1kB"], ["--payload", "add --calibrate"]),
        ([], ["URL"]),
    ],
)
def test_what_cannot_be_sent_is_refused_before_any_load(
    atlas_perf: Command, arguments: list[str], words: list[str]
) -> None:
    outcome = atlas_perf("bench", *arguments)
    assert outcome.exit_code == 2
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    for word in words:
        assert word in outcome.stderr


def test_a_refusal_repeats_no_credentials() -> None:
    with pytest.raises(UsageError) as refusal:
        _request("http://me:secret@h:0/")
    assert "secret" not in str(refusal.value)
    assert _request("http://me:secret@h/").shown_url == "http://h/"


def test_the_plan_is_what_was_asked_for() -> None:
    request = _request("http://h/", headers=["A: 1"])
    plan = bench_plan(
        request,
        connections=3,
        rate=None,
        duration_ns=NS_PER_S,
        timeout_ns=2 * NS_PER_S,
        processes=8,
        insecure=True,
    )
    assert plan.processes == plan.max_vus == 3  # no worker without a connection
    assert plan.http.insecure_skip_tls_verify
    assert plan.http.timeout_ns < plan.scenarios[0].graceful_stop_ns  # nothing slow is cut off
    assert json.loads(plan.env[REQUEST_VARIABLE])["headers"] == {"A": "1"}


def test_at_a_rate_every_request_waits_for_one_of_the_connections() -> None:
    plan = bench_plan(
        _request("http://h/"),
        connections=3,
        rate=500,
        duration_ns=NS_PER_S,
        timeout_ns=2 * NS_PER_S,
        processes=8,
        insecure=True,
    )
    assert plan.scenarios[0].executor == ConstantArrivalRate(
        500, NS_PER_S, pre_allocated_vus=3, max_vus=3, when_busy=WhenBusy.QUEUE
    )
    assert plan.processes == 3


def _request(url: str, headers: list[str] | None = None) -> BenchRequest:
    return bench_request(
        url, method=None, headers=headers or [], body=None, json_text=None, name=None
    )
