"""A long run stays small: what the coordinator holds, and the files that it leaves.

Two hours of batches are fed at once: the clock of a run is the number of each batch's second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    GaugeDelta,
    Ledger,
    NewSeries,
    RateDelta,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan, ThresholdPlan
from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.model.series import Series, tags_of
from atlas_perf.model.summary import Facts
from atlas_perf.outputs.kept_sketches import KeptSketches
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.summary_json import summary_to_json
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

HOUR_S = 3600
WORKERS = 2
ENDPOINTS = 20
MOST_PAGE_BYTES = 1_500_000

TAGS = {"method": "GET", "phase": "steady", "scenario": "shop", "expected_response": "true"}
SERIES = tuple(
    NewSeries(number, BUILTIN_METRICS[metric], Series(metric, tags_of(tags)))
    for number, (metric, tags) in enumerate(
        (metric, {**TAGS, "name": f"/things/{endpoint}"})
        for endpoint in range(ENDPOINTS)
        for metric in ("http_reqs", "http_req_failed", "http_req_duration")
    )
)
VUS = NewSeries(len(SERIES), BUILTIN_METRICS["vus"], Series("vus"))


def durations(second: int) -> bytes:
    """Ten requests, of a latency that goes up and down over ten minutes."""
    sketch = Sketch()
    middle_ms = 20 + 10 * math.sin(second / 600 * math.tau)
    for k in range(10):
        sketch.add(middle_ms * (1 + k / 10) * NS_PER_MS)
    return sketch.to_bytes()


SKETCHES = [durations(second) for second in range(600)]


def batch(worker: int, second: int, end_s: int) -> Batch:
    deltas = [
        delta
        for number in range(0, len(SERIES), 3)
        for delta in (
            CounterDelta(number, 10, 10.0),
            RateDelta(number + 1, 0, 10),
            TrendDelta(number + 2, SKETCHES[second % len(SKETCHES)]),
        )
    ]
    done = (second + 1) * 10 * ENDPOINTS
    slow = RequestSample(
        SampleReason.SLOW, "shop", "", second * NS_PER_S, "GET", "/things/1", "/things/1",
        *(200, "", 0, 40 * NS_PER_MS + second, 0, -1, -1, 0, 40 * NS_PER_MS, 0, -1, "", ""),
    )  # fmt: skip
    return Batch(
        worker=worker,
        sequence=second,
        interval=second,
        new_series=(*SERIES, VUS) if second == 0 else (),
        deltas=(*deltas, GaugeDelta(VUS.number, 1, 5.0, second * NS_PER_S, 5.0, 5.0)),
        ledger={"shop": Ledger(done, done, 0, done, 0, 0)},
        health=WorkerHealth(length_ns=NS_PER_S, cpu_ns=NS_PER_S // 10, rss_bytes=50_000_000),
        requests=(slow,),
        last=second == end_s - 1,
        ended_at_ns=end_s * NS_PER_S if second == end_s - 1 else 0,
    )


@dataclass(frozen=True)
class Left:
    """What a run of so long leaves in memory and on disk, in bytes."""

    windows: int
    history: int
    page: int
    summary: int
    sketches: int


def left_by(hours: int) -> Left:
    end_s = hours * HOUR_S
    executor = ConstantVUs(10, end_s * NS_PER_S)
    plan = TestPlan(
        "shop",
        "shop.py",
        "00",
        (ScenarioPlan("shop", executor),),
        (ThresholdPlan("http_req_duration", "p(95)<500"),),
        processes=WORKERS,
    )
    aggregator, kept = Aggregator(BUILTIN_METRICS.values(), WORKERS), KeptSketches()
    kept.start(plan, WallAnchor(0, 0), 0)
    for second in range(end_s):
        for worker in range(WORKERS):
            one = batch(worker, second, end_s)
            aggregator.merge(one)
            kept.on_batch(one, lambda number, worker=worker: aggregator.resolve(worker, number))
    aggregator.finish()
    results = Judge(plan, BUILTIN_METRICS).evaluate(aggregator)
    summary = summarize(
        plan,
        aggregator,
        decide(results, aggregator, invalid=(), interrupted=False),
        results,
        started_at="2026-11-23T14:05:12Z",
        facts=Facts("0.1.0", "3.11", "0.23", "Linux", "a processor", 2, "http://h", ""),
        plan_plain={"name": "shop"},
    )
    assert summary.metrics["http_reqs"].values["count"] == end_s * WORKERS * ENDPOINTS * 10
    assert sum(window.length_s for window in summary.windows) == end_s
    return Left(
        windows=len(summary.windows),
        history=aggregator.history_bytes,
        page=len(run_page(summary, kept.kept()).encode()),
        summary=len(summary_to_json(summary)),
        sketches=len(encode_run_sketches(kept.kept())),
    )


@pytest.fixture(scope="module")
def of_two_hours() -> Left:
    return left_by(2)


def test_the_page_of_two_hours_is_small(of_two_hours: Left) -> None:
    assert of_two_hours.page < MOST_PAGE_BYTES


def test_the_second_hour_adds_nothing(of_two_hours: Left) -> None:
    one = left_by(1)
    assert of_two_hours.windows <= one.windows
    assert of_two_hours.history < 1.1 * one.history
    assert of_two_hours.page < 1.1 * one.page
    assert of_two_hours.summary < 1.1 * one.summary
    assert of_two_hours.sketches < 1.2 * one.sketches
