"""One Prometheus and one run for all tests that only ask."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import monitored_run
import pytest
from monitored_run import MonitoredRun
from prometheus_server import Prometheus, running


@dataclass(frozen=True)
class Watched:
    prometheus: Prometheus
    run: MonitoredRun
    begin_unix_s: float
    end_unix_s: float


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder: Path = tmp_path_factory.mktemp("watched")
    (folder / "watched.py").write_text(monitored_run.SCENARIO)
    begin = time.time()
    with running("native-histograms") as prometheus:
        finished = monitored_run.run(
            folder,
            "watched.py",
            *("--environment", "embedded", "-p", "2", "--tag", "testid=one"),
            *("--out", f"prometheus-rw={prometheus.url}"),
            *("--out", f"prometheus=127.0.0.1:{prometheus.scraped_port}"),
        )
        yield Watched(prometheus, finished, begin, time.time())


@pytest.fixture(scope="session")
def orchestrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The shipped scenarios, much shortened, one after another."""
    begin = time.time()
    with running("native-histograms") as prometheus:
        finished = monitored_run.run(
            tmp_path_factory.mktemp("orchestrated"),
            *("api", "a2a", "websocket", "--environment", "embedded"),
            *("--duration-scale", "0.006", "--vus-scale", "0.5", "--no-baselines", "-p", "1"),
            *("--out", f"prometheus-rw={prometheus.url}"),
        )
        yield Watched(prometheus, finished, begin, time.time())
