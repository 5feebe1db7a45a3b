"""Failed and slow requests come from the workers into the results, with the traces they sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from finished_run import Finished
from pyarrow import parquet

SCENARIO = """
async def default(vu):
    await vu.http.get("/fine")
    await vu.http.get("/broken")
"""


class TracedServer(ThreadingHTTPServer):
    """Answers /broken with 503, and remembers which path each trace asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.traces: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TracedServer

    def do_GET(self) -> None:
        self.server.traces[self.headers["traceparent"].split("-")[1]] = self.path
        broken = self.path == "/broken"
        body = b'{"error": "busy", "token": "very-secret"}' if broken else b"fine"
        self.send_response(503 if broken else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[TracedServer]:
    server = TracedServer()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_failed_and_slow_requests_are_in_the_results_with_their_traces(
    server: TracedServer, run_scenario: Callable[..., Finished], tmp_path: Path
) -> None:
    finished = run_scenario(
        SCENARIO,
        *("-i", "40", "-u", "4", "-p", "2", "--trace-share", "1"),
        *("--out", f"parquet={tmp_path}/requests.parquet"),
        base_url=f"http://127.0.0.1:{server.server_port}",
    )
    told = finished.summary["requests"]
    failed = [one for one in told if one["reason"] == "failed"]
    slow = [one for one in told if one["reason"] == "slow"]
    assert len(failed) == 3
    assert {one["status"] for one in failed} == {503}
    assert {one["body"] for one in failed} == {'{"error": "busy", "token": "***"}'}
    durations = [one["duration_ms"] for one in slow]
    assert durations == sorted(durations, reverse=True)
    assert {server.traces[one["trace_id"]] for one in failed} == {"/broken"}
    assert {server.traces[one["trace_id"]] for one in slow} == {"/fine"}
    assert len(server.traces) == 80

    rows = parquet.read_table(tmp_path / "requests.parquet").to_pylist()
    assert {one["trace_id"] for one in told} <= {row["trace_id"] for row in rows}
