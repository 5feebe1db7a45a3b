"""`--out prometheus=HOST:PORT`: an endpoint that Prometheus scrapes while the run goes on.

Who asks for protobuf gets native histograms, others OpenMetrics or Prometheus' text. After the end
of the load it stays for one more scrape, so that the last totals are scraped too.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Tags
from atlas_perf.model.summary import OutputSummary
from atlas_perf.outputs.host_port import host_and_port
from atlas_perf.outputs.period import Period
from atlas_perf.outputs.periods import SERIES_CAP, TEST_TAG, Periods
from atlas_perf.outputs.prometheus_series import stats_of
from atlas_perf.outputs.scraped_text import Exposition
from atlas_perf.outputs.totals import Totals

USUAL_PORT = 9464
LONGEST_LAST_WAIT_S = 16.0
"""Prometheus scrapes every 15 s unless it is told otherwise."""

_SCRAPED_ONCE_S = 4.0  # who has come but once is expected again after this
_LATE_BY_S = 1.0  # as a scrape may be
_REQUEST_TIMEOUT_S = 5.0
_MOST_CONNECTIONS = 8


class ScrapeOutput:
    """Totals of the run, served over HTTP.

    Raises:
        UsageError: the address or a variable cannot be used.
    """

    wants_samples = False

    def __init__(
        self,
        target: str,
        variables: Mapping[str, str],
        longest_last_wait_s: float = LONGEST_LAST_WAIT_S,
    ) -> None:
        self._address = host_and_port("prometheus", target, usual_port=USUAL_PORT)
        self._exposition = Exposition(stats_of(variables))
        self._longest_last_wait_s = longest_last_wait_s
        self._periods = Periods(1, 1)
        self._totals = Totals()
        self._changed = threading.Condition()
        self._seconds = 0
        self._scraped_seconds = 0
        self._scrapes: list[float] = []  # when the last two were
        self._last_wait_s = 0.0
        self._hurried = False
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, once started."""
        assert self._server is not None, "it was started"
        port: int = self._server.server_address[1]
        return port

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:  # noqa: ARG002
        self._periods = Periods(plan.processes, 1, lent_tags={TEST_TAG: plan.name})
        host, port = self._address
        try:
            self._server = _Server(self._address, self._answer, self._scraped)
        except OSError as error:
            reason = error.strerror or error
            raise PlanError(f"--out prometheus: cannot listen on {host}:{port}: {reason}") from None
        self._server.start()

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        for period in self._periods.complete():
            self._absorb(period)
        self._periods.add(batch, resolve)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        self._periods.add_gauge(metric, tags, at_ns, value)

    def close(self) -> str | None:
        if self._server is not None:
            for period in self._periods.rest():
                self._absorb(period)
            with self._changed:
                self._last_wait_s = self._until_next_scrape_s(time.monotonic())
                self._changed.wait_for(self._all_scraped_or_hurried, self._last_wait_s)
            self._server.stop()
            self._server = None
        return None

    def awaited(self) -> str:
        return f"up to {self._last_wait_s:.0f} s for Prometheus to scrape the last totals"

    def hurry(self) -> None:
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def told(self) -> OutputSummary:
        name = f"prometheus={self._address[0]}:{self._address[1]}"
        lost = self._seconds - self._scraped_seconds
        note = f"--out {name}: {self._seconds - lost} of {self._seconds} seconds were scraped"
        if not self._scrapes:
            note += ": nobody asked for /metrics"
        elif lost:
            note += f", the last {lost} were not"
        if self._periods.folded:
            note += f"; series beyond {SERIES_CAP:,} were shown together as (other)"
        return OutputSummary(name, lost == 0, f"{note}.", seconds=self._seconds, lost_seconds=lost)

    def _absorb(self, period: Period) -> None:
        with self._changed:
            self._totals.absorb(period)
            self._exposition.changed()
            self._seconds += period.seconds

    def _answer(self, accept: str) -> _Answer:
        with self._changed:
            return _Answer(*self._exposition.answer(self._totals, accept), self._seconds)

    def _scraped(self, answer: _Answer) -> None:
        with self._changed:
            self._scraped_seconds = max(self._scraped_seconds, answer.seconds)
            self._scrapes = [*self._scrapes[-1:], time.monotonic()]
            self._changed.notify_all()

    def _all_scraped_or_hurried(self) -> bool:
        return self._hurried or self._scraped_seconds == self._seconds

    def _until_next_scrape_s(self, now_s: float) -> float:
        """It is due as long after the newest one as that came after the one before."""
        if not self._scrapes:
            return 0.0
        oldest_s, newest_s = self._scrapes[0], self._scrapes[-1]
        between_s = newest_s - oldest_s if len(self._scrapes) > 1 else _SCRAPED_ONCE_S
        due_s = newest_s + between_s + _LATE_BY_S
        return max(0.0, min(due_s - now_s, self._longest_last_wait_s))


@dataclass(frozen=True, slots=True)
class _Answer:
    content_type: str
    body: bytes
    seconds: int  # of the run that are in it


class _Server(ThreadingHTTPServer):
    """Answers GET /metrics in a few threads at a time."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[str], _Answer],
        scraped: Callable[[_Answer], None],
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)
        self.answer = answer
        self.scraped = scraped
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.1,), name="atlas-perf-scrape", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that goes away is no error of the run."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_TIMEOUT_S
    server_version = "atlas-perf"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404, explain="The metrics are at /metrics.")
            return
        answer = self.server.answer(self.headers.get("Accept", ""))
        self.send_response(200)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.server.scraped(answer)  # unless the scraper went away meanwhile

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing goes to stderr, which is the progress'."""
