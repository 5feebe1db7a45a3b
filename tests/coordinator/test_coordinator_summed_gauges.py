"""Gauges of which each worker holds a part reach the outputs as one total a second."""

from __future__ import annotations

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor
from atlas_perf.coordinator.streams import OutputStreams
from atlas_perf.model.batch import Batch, GaugeDelta, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS, AcrossWorkers, Metric, MetricKind
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan
from atlas_perf.model.series import Series, tags_of
from atlas_perf.units import NS_PER_S

VUS = BUILTIN_METRICS["vus"]
DEPTH = Metric("depth", MetricKind.GAUGE, across_workers=AcrossWorkers.SUM)
LENGTH = Metric("length", MetricKind.GAUGE)
METRICS = (VUS, DEPTH, LENGTH)
TAGS = tags_of({"team": "red"})
SERIES = tuple(NewSeries(n, one, Series(one.name, TAGS)) for n, one in enumerate(METRICS))


class Points:
    """An output that remembers the gauges it is given."""

    wants_samples = True

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, float]] = []

    def start(self, plan, anchor, t0_ns) -> None:
        pass

    def on_batch(self, batch, resolve) -> None:
        pass

    def on_gauge(self, metric, tags, at_ns, value) -> None:
        assert tags == TAGS
        self.seen.append((metric.name, at_ns, value))

    def close(self) -> None:
        return None

    def taken(self) -> list[tuple[str, int, float]]:
        taken, self.seen = self.seen, []
        return taken


class Stage:
    def __init__(self, workers: int) -> None:
        self.aggregator = Aggregator(METRICS, workers)
        self.points = Points()
        self.streams = OutputStreams([self.points])
        plan = TestPlan("a", "a.py", "00", (ScenarioPlan("a", ConstantVUs(1, NS_PER_S)),))
        self.streams.start(plan, WallAnchor(0, 0), 0)
        self.sent = [0] * workers

    def batch(self, worker: int, interval: int, *, last: bool = False, **values: float) -> None:
        """One worker's second, at the end of which it sets these gauges."""
        at_ns = (interval + 1) * NS_PER_S + worker
        deltas = tuple(
            GaugeDelta(
                one.number, 1, values[one.metric.name], at_ns, *[values[one.metric.name]] * 2
            )
            for one in SERIES
            if one.metric.name in values
        )
        sequence = self.sent[worker]
        self.sent[worker] += 1
        new = SERIES if sequence == 0 else ()
        ended_at_ns = (interval + 1) * NS_PER_S if last else 0
        batch = Batch(worker, sequence, interval, new, deltas, last=last, ended_at_ns=ended_at_ns)
        assert self.aggregator.merge(batch)
        self.streams.on_batch(batch, self.aggregator)


def test_a_second_is_told_once_every_worker_has_reported_it():
    stage = Stage(3)
    stage.batch(0, 0, vus=4.0)
    stage.batch(2, 0, vus=3.0)
    stage.batch(0, 1, vus=40.0)
    assert stage.points.taken() == []
    stage.batch(1, 0, vus=2.0)
    assert stage.points.taken() == [("vus", NS_PER_S + 2, 9.0)]
    stage.batch(1, 1, vus=20.0)
    stage.batch(2, 1, vus=30.0)
    assert stage.points.taken() == [("vus", 2 * NS_PER_S + 2, 90.0)]


def test_a_part_that_was_not_set_anew_is_still_there_and_a_second_without_any_has_no_point():
    stage = Stage(2)
    stage.batch(0, 0, depth=5.0)
    stage.batch(1, 0, depth=7.0)
    stage.batch(0, 1, depth=1.0)
    stage.batch(1, 1)
    stage.batch(0, 2)
    stage.batch(1, 2)
    assert [(name, value) for name, _, value in stage.points.taken()] == [
        ("depth", 12.0),
        ("depth", 8.0),
    ]


def test_gauges_that_do_not_add_up_are_the_samples_affair():
    stage = Stage(1)
    stage.batch(0, 0, length=5.0, vus=1.0)
    assert [name for name, _, _ in stage.points.taken()] == ["vus"]


async def test_the_last_second_is_told_at_the_end_and_a_lost_worker_has_no_part_in_it():
    stage = Stage(2)
    stage.batch(0, 0, vus=1.0)
    stage.batch(1, 0, vus=2.0)
    stage.batch(0, 1, vus=1.0)
    stage.points.taken()
    stage.aggregator.mark_lost(1, "killed")
    await stage.streams.close(str)
    assert [value for _, _, value in stage.points.seen] == [1.0]
    assert stage.streams.missing == ()


async def test_a_run_of_less_than_a_second_has_its_point_too():
    stage = Stage(2)
    stage.batch(0, 0, last=True, vus=2.0)
    stage.batch(1, 0, last=True, vus=1.0)
    await stage.streams.close(str)
    assert [(name, value) for name, _, value in stage.points.seen] == [("vus", 3.0)]
