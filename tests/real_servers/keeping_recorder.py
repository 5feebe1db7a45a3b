"""A recorder that keeps what a test compares with a server's log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags


@dataclass
class Sample:
    """One round trip."""

    tags: dict[str, str]
    failed: bool
    opened_connection: bool

    @property
    def logged(self) -> tuple[str, int]:
        return self.tags["method"], int(self.tags["status"])


@dataclass
class KeepingRecorder:
    samples: list[Sample] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)
    _metrics: list[str] = field(default_factory=list)

    def http_series(self, tags: Tags, failed: bool) -> KeptSeries:
        return KeptSeries(self.samples, dict(tags), failed)

    def series(self, metric: Metric, tags: Tags) -> int:
        self._metrics.append(metric.name)
        return len(self._metrics) - 1

    def add(self, number: int, value: float, at_ns: int) -> None:
        self.sums[self._metrics[number]] += int(value)


@dataclass
class KeptSeries:
    samples: list[Sample]
    tags: dict[str, str]
    failed: bool

    def record(self, *numbers: int) -> None:
        at_ns, duration_ns, blocked_ns, connecting_ns, *_ = numbers
        assert duration_ns > 0 <= blocked_ns <= at_ns
        self.samples.append(Sample(self.tags, self.failed, connecting_ns != -1))
