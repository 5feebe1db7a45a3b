"""One Prometheus for all tests that only ask, and runs of all that it watches, at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import monitored_run
import pytest
from monitored_run import MonitoredRun
from prometheus_server import Prometheus, await_scraping, running

ORCHESTRATED = ("api", "a2a", "websocket")


@dataclass(frozen=True)
class Watched:
    prometheus: Prometheus
    run: MonitoredRun


@dataclass(frozen=True)
class Orchestrated:
    prometheus: Prometheus
    runs: dict[str, MonitoredRun]
    begin_unix_s: float
    end_unix_s: float


@dataclass(frozen=True)
class _Running:
    prometheus: Prometheus
    begin_unix_s: float
    watched: Future[MonitoredRun]
    orchestrated: dict[str, Future[MonitoredRun]]


@contextmanager
def _all_running(folder: Path) -> Iterator[_Running]:
    begin = time.time()
    with running("native-histograms") as prometheus, ThreadPoolExecutor() as threads:
        written = ("--out", f"prometheus-rw={prometheus.url}")
        orchestrated = {
            scenario: threads.submit(
                monitored_run.run,
                folder / scenario,
                *(scenario, "--environment", "embedded", "--no-baselines", "-p", "1"),
                *("--duration-scale", "0.006", "--vus-scale", "0.5", *written),
            )
            for scenario in ORCHESTRATED
        }
        await_scraping(prometheus)
        watched = threads.submit(
            monitored_run.run,
            folder / "watched",
            *("watched.py", "--environment", "embedded", "-p", "2", "--tag", "testid=one"),
            *(*written, "--out", f"prometheus=127.0.0.1:{prometheus.scraped_port}"),
        )
        yield _Running(prometheus, begin, watched, orchestrated)


@pytest.fixture(scope="session")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Running]:
    folder = tmp_path_factory.mktemp("monitored")
    for name in ("watched", *ORCHESTRATED):
        (folder / name).mkdir()
    (folder / "watched/watched.py").write_text(monitored_run.SCENARIO)
    with _all_running(folder) as runs:
        yield runs


@pytest.fixture(scope="session")
def watched(at_once: _Running) -> Watched:
    """A scenario of a few seconds, written and scraped."""
    return Watched(at_once.prometheus, at_once.watched.result())


@pytest.fixture(scope="session")
def orchestrated(at_once: _Running) -> Orchestrated:
    """The shipped scenarios, much shortened."""
    runs = {name: future.result() for name, future in at_once.orchestrated.items()}
    return Orchestrated(at_once.prometheus, runs, at_once.begin_unix_s, time.time())
