"""Judged and summarised from batches, through the aggregator that a run uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from plans import ALL_METRICS, DEPTH, plan_with

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.errors import ExitCode
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
from atlas_perf.model.series import Series, tags_of
from atlas_perf.model.summary import Facts
from atlas_perf.report.summary_json import summary_from_json, summary_to_json
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

SCHEMA = Path(__file__).parents[2] / "docs/schemas/summary.schema.json"
OK = {
    "method": "GET",
    "name": "/runs",
    "scenario": "api",
    "status": "200",
    "expected_response": "true",
}
KO = {**OK, "status": "500", "error_code": "1500", "expected_response": "false"}
CHECK = {"check": "status is 200", "scenario": "api"}


def sketch(*values_ms: float) -> bytes:
    one = Sketch()
    for value_ms in values_ms:
        one.add(value_ms * NS_PER_MS)
    return one.to_bytes()


def batch(worker: int, fast_ms: float, count: int) -> Batch:
    """A worker's only interval: `count` requests of one duration and one failure."""
    series = [
        NewSeries(number, ALL_METRICS[name], Series(name, tags_of(tags)))
        for number, (name, tags) in enumerate(
            [
                ("http_reqs", OK),
                ("http_reqs", KO),
                ("http_req_failed", OK),
                ("http_req_failed", KO),
                ("http_req_duration", OK),
                ("http_req_duration", KO),
                ("checks", CHECK),
                ("vus", {}),
                ("iteration_failed", {"scenario": "api"}),
            ]
        )
    ]
    return Batch(
        worker=worker,
        sequence=0,
        interval=0,
        new_series=tuple(series),
        deltas=(
            CounterDelta(0, count, float(count)),
            CounterDelta(1, 1, 1.0),
            RateDelta(2, 0, count),
            RateDelta(3, 1, 1),
            TrendDelta(4, sketch(*[fast_ms] * count)),
            TrendDelta(5, sketch(60_000.0)),
            RateDelta(6, count, count + 1),
            GaugeDelta(7, 1, 5.0, NS_PER_S // 2, 5.0, 5.0),
            RateDelta(8, 0, count + 1),
        ),
        ledger={"api": Ledger(count + 1, count + 1, 0, count + 1, 0, 0)},
        health=WorkerHealth(loop_lag_max_ns=2 * NS_PER_MS, cpu_ns=NS_PER_S // 4, rss_bytes=50),
        last=True,
        ended_at_ns=NS_PER_S,
    )


@pytest.fixture
def finished() -> Aggregator:
    """Trap 5: one worker has 9000 requests of 1 ms, the other 1000 of 1 s."""
    aggregator = Aggregator((*BUILTIN_METRICS.values(), DEPTH), workers=2)
    aggregator.merge(batch(0, 1.0, 9000))
    aggregator.merge(batch(1, 1000.0, 1000))
    aggregator.finish()
    return aggregator


def concluded(aggregator: Aggregator, *thresholds: tuple[str, str]):
    plan = plan_with(*thresholds, metrics=(DEPTH,), default_gates=True)
    results = Judge(plan, ALL_METRICS).evaluate(aggregator)
    decision = decide(results, aggregator, invalid=(), interrupted=False)
    return summarize(
        plan,
        aggregator,
        decision,
        results,
        started_at="2026-11-23T14:05:12Z",
        facts=Facts("0.1.0", "3.11", "0.23", "Linux", "a processor", 2, "http://h", ""),
        plan_plain={"name": "api"},
    )


def test_percentiles_are_of_all_requests_and_never_averaged(finished):
    summary = concluded(
        finished, ("http_req_duration", "p(95)<500"), ("http_req_duration", "med<2")
    )
    p95, median, *gates = summary.thresholds
    assert p95.value == pytest.approx(1000.0, rel=0.01)
    assert median.value == pytest.approx(1.0, rel=0.01)
    assert [one.state.value for one in (p95, median)] == ["failed", "passed"]
    assert [one.selector for one in gates] == ["checks", "http_req_failed", "iteration_failed"]
    assert summary.exit_code == ExitCode.FAIL


def test_the_sketchs_error_is_known_to_the_judge(finished):
    summary = concluded(finished, ("http_req_duration", "p(95)<1001"))
    assert "within the sketch's 1 % of it" in summary.thresholds[0].reason


def test_the_summary_of_a_real_aggregation_is_whole(finished):
    summary = concluded(finished)
    assert (summary.verdict.value, summary.measured_s) == ("PASS", 1.0)
    assert summary.metrics["http_reqs"].values == {"count": 10_002.0, "rate": 10_002.0}
    assert summary.metrics["http_req_duration"].values["count"] == 10_000
    assert summary.metrics["http_req_duration"].values["max"] == 1000.0
    assert summary.metrics["http_req_duration{expected_response:false}"].values["avg"] == 60_000.0
    assert summary.metrics["vus"].values["value"] == 10.0
    (endpoint,) = summary.endpoints
    assert (endpoint.requests, endpoint.failed) == (10_002, 2)
    assert (endpoint.statuses, endpoint.errors) == ({"200": 10_000, "500": 2}, {"1500": 2})
    assert endpoint.latency_ms["max"] == 1000.0
    (check,) = summary.checks
    assert (check.passes, check.fails) == (10_000, 2)
    assert [worker.lost for worker in summary.workers] == [None, None]
    assert len(summary.windows) == 1


def test_its_file_satisfies_the_schema_and_is_read_back(finished):
    text = summary_to_json(concluded(finished))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(json.loads(text))
    assert summary_from_json(text) == concluded(finished)


def test_a_worker_that_never_ended_invalidates_the_run():
    aggregator = Aggregator(BUILTIN_METRICS.values(), workers=2)
    aggregator.merge(batch(0, 1.0, 9000))
    aggregator.finish()
    summary = concluded(aggregator)
    assert summary.exit_code == ExitCode.INVALID
    assert summary.reasons[0].startswith("Worker 1 was lost (it ended without its last batch)")
