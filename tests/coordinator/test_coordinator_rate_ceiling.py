"""The ceiling on requests a second, held against what workers sent."""

from __future__ import annotations

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.events import CeilingBroken
from atlas_perf.coordinator.rate_ceiling import CeilingWatch
from atlas_perf.model.batch import Batch, CounterDelta, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import RateCeiling
from atlas_perf.model.series import Series
from atlas_perf.units import NS_PER_MS

REQUESTS = NewSeries(0, BUILTIN_METRICS["http_reqs"], Series("http_reqs", ()))


class Run:
    """A run under a ceiling of 100 requests a second."""

    def __init__(self, workers: int = 1) -> None:
        self.aggregator = Aggregator([], workers)
        self.watch = CeilingWatch(RateCeiling(100.0, "atlas-perf.toml"))
        self._sent = [(0, 0)] * workers

    def sends(self, count: int, until_ms: int, worker: int = 0) -> CeilingBroken | None:
        """A worker closes its interval; what the watch says then."""
        sequence, from_ms = self._sent[worker]
        self._sent[worker] = sequence + 1, until_ms
        self.aggregator.merge(
            Batch(
                worker,
                sequence,
                until_ms // 1000 - 1,
                (REQUESTS,) if sequence == 0 else (),
                (CounterDelta(0, count, float(count)),),
                from_ns=from_ms * NS_PER_MS,
                until_ns=until_ms * NS_PER_MS,
            )
        )
        return self.watch.broken(self.aggregator)


def test_a_second_with_more_requests_is_found_once_it_is_complete():
    run = Run(workers=2)
    assert run.sends(60, 1000) is None
    assert run.sends(40, 1000, worker=1) is None
    assert run.sends(61, 2000) is None
    assert run.sends(40, 2000, worker=1) == CeilingBroken(101, 1)


def test_seconds_that_a_worker_sent_at_one_go_are_not_taken_for_one():
    run = Run(workers=2)
    assert run.sends(60, 1000) is None
    for second in range(5):
        assert run.sends(40, 1000 * second + 1000, worker=1) is None
    assert run.sends(240, 5000) is None


def test_a_burst_is_found_in_the_second_that_it_was_in_when_another_worker_tells_late():
    run = Run(workers=2)
    for second, count in enumerate([40, 99, 40]):
        assert run.sends(count, 1000 * second + 1000, worker=1) is None
    assert run.sends(180, 3000) == CeilingBroken(159, 1)


def test_an_interval_that_was_closed_late_breaks_nothing():
    run = Run()
    assert run.sends(160, 1600) is None
    assert run.sends(40, 2000) is None
    assert run.sends(101, 3004) is None
