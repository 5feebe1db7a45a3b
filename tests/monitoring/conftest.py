"""One Prometheus and one run for all tests that only ask."""

from __future__ import annotations

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


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder: Path = tmp_path_factory.mktemp("watched")
    (folder / "watched.py").write_text(monitored_run.SCENARIO)
    with running("native-histograms") as prometheus:
        finished = monitored_run.run(
            folder,
            "watched.py",
            *("--environment", "embedded", "-p", "2", "--tag", "testid=one"),
            *("--out", f"prometheus-rw={prometheus.url}"),
            *("--out", f"prometheus=127.0.0.1:{prometheus.scraped_port}"),
        )
        yield Watched(prometheus, finished)
