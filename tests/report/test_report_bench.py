"""The histogram of a bench, and what it says against its own numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_summary import sample_summary

from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.summary import MetricSummary, Summary, WorkerSummary
from atlas_perf.report.bench import LATENCY_STATS, doubts, render_bench
from atlas_perf.report.latency_histogram import ROWS, histogram
from atlas_perf.sketch.ddsketch import Sketch


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


@given(st.lists(st.floats(0, 1e12), max_size=50))
def test_every_value_is_in_one_row_and_the_edges_rise(values: list[float]) -> None:
    rows = histogram(sketch_of(values))
    assert sum(row.count for row in rows) == len(values)
    assert len(rows) <= ROWS
    assert [row.up_to for row in rows] == sorted(row.up_to for row in rows)
    if rows:
        assert rows[-1].up_to == max(values)


def test_rows_hold_what_lies_between_their_edges() -> None:
    rows = histogram(sketch_of([1e6] * 3 + [9e6] * 5 + [1e9]), rows=3)
    assert [row.count for row in rows] == [8, 0, 1]  # edges at 10 ms, 100 ms, 1 s
    assert [round(row.up_to) for row in rows] == [10_000_000, 100_000_000, 1_000_000_000]


def test_nothing_measured_is_no_row() -> None:
    assert histogram(Sketch()) == ()


def worker() -> WorkerSummary:
    return WorkerSummary(0, 1, (), None, 0.5, 1.0, 1, 0, 0)


def benched(successes: int) -> Summary:
    values = {"count": successes} | dict.fromkeys(LATENCY_STATS, 1.5)
    metric = MetricSummary("http_req_duration", MetricKind.TREND, Contains.TIME, values)
    return replace(
        sample_summary(),
        workers=(worker(), worker()),
        metrics={"http_req_duration": metric},
    )


@pytest.mark.parametrize(
    ("successes", "words"),
    [(10_000, []), (9_999, ["p99.9"]), (999, ["p99 and p99.9"]), (1, ["1 successful request "])],
)
def test_percentiles_with_too_few_values_beyond_are_doubted(
    successes: int, words: list[str]
) -> None:
    said = doubts(benched(successes))
    assert len(said) == len(words)
    for word in words:
        assert word in said[0]


def test_no_line_is_wider_than_the_terminal_and_doubts_are_shown() -> None:
    summary = benched(999)
    text = render_bench(summary, (), connections=64, colour=False, width=80)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "  ! 999 successful requests are few" in text
    assert "64 connections" in text
