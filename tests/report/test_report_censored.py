"""A bound reads as one wherever it is printed."""

from __future__ import annotations

import dataclasses
import re

from sample_summary import counter, sample_summary, trend

from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.summary import CriterionState, MetricSummary, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.bench import LATENCY_STATS, render_bench
from atlas_perf.report.console import render_console
from atlas_perf.report.k6_export import k6_summary_export

DURATION = dataclasses.replace(
    trend("http_req_duration", 95, 19.5, 9.0, 10.0, 300.0, 12.0, 200.0, 290.0),
    censored=5,
    at_least=("avg", "max", "p(95)", "p(99)"),
)
CENSORED = counter("http_reqs_censored", 5, 0.5)
UNDECIDED = ThresholdResult(
    "http_req_duration",
    "p(99)<500",
    CriterionState.NO_DATA,
    290.0,
    500.0,
    "ms",
    reason="5 of 100 were cut off in flight.",
    at_least=True,
)
BROKEN = dataclasses.replace(UNDECIDED, expression="p(99)<100", state=CriterionState.FAILED)


def summary(*thresholds: ThresholdResult) -> Summary:
    base = sample_summary()
    endpoint = dataclasses.replace(
        base.endpoints[0],
        failed=0,
        censored=5,
        latency_at_least=("p(99)", "max"),
        response_ms={"avg": 9, "p(50)": 18.2, "p(95)": 29.4, "p(99)": 41.0, "max": 98.2},
        response_at_least=("max",),
    )
    return dataclasses.replace(
        base,
        verdict=Verdict.NO_DATA,
        thresholds=thresholds,
        baselines=None,
        endpoints=(endpoint,),
        metrics={one.name: one for one in (DURATION, CENSORED)},
    )


def rendered(*thresholds: ThresholdResult, width: int = 120) -> str:
    return render_console(summary(*thresholds), colour=False, width=width)


def test_in_the_lines_of_metrics() -> None:
    text = rendered()
    assert re.search(
        r"http_req_duration\.*: avg=≥19.5ms\s+min=9.00ms\s+med=10.0ms\s+max=≥300ms\s+"
        r"p\(90\)=12.0ms\s+p\(95\)=≥200ms\s+p\(99\)=≥290ms",
        text,
    )
    assert re.search(r"http_reqs_censored\.*: 5 ", text)


def test_of_values_that_are_all_equal() -> None:
    alike = dataclasses.replace(
        trend("http_req_duration", 0, *[70.0] * 7), censored=1, at_least=("avg", "p(99)")
    )
    text = render_console(
        dataclasses.replace(summary(), metrics={alike.name: alike}), colour=False, width=120
    )
    assert "all=" not in text
    assert "avg=≥70.0ms" in text


def test_in_thresholds() -> None:
    assert "? p(99)<500  ≥290 ms  undecided: requests were cut off in flight" in rendered(UNDECIDED)
    iterations = dataclasses.replace(UNDECIDED, selector="iteration_duration{scenario:a}")
    assert "undecided: iterations were cut off in flight" in rendered(iterations)
    assert "✗ p(99)<100  ≥290 ms\n" in rendered(BROKEN)


def test_the_last_line_tells_undecided_from_empty() -> None:
    empty = dataclasses.replace(UNDECIDED, value=None, at_least=False)
    lines = [
        rendered(*criteria).splitlines()[-1]
        for criteria in ((UNDECIDED,), (UNDECIDED, empty), (BROKEN, UNDECIDED))
    ]
    assert "could not be judged · 1 of 1 criterion undecided" in lines[0]
    assert "1 of 2 criteria without data · 1 undecided" in lines[1]
    assert "1 of 2 criteria failed · 1 undecided" in lines[2]


def test_in_the_table_of_endpoints() -> None:
    text = rendered()
    lines = text[text.index("  ENDPOINTS") : text.index("  EXCEPTIONS")].splitlines()
    heading, service, response, cut_off = lines[1:5]
    assert re.search(r"GET /api/runs +6058 +0 +8.20ms +19.4ms +≥31.0ms +≥88.2ms", service)
    assert re.search(r"^ +response, from when due +18.2ms +29.4ms +41.0ms +≥98.2ms$", response)
    assert cut_off.strip() == "↳ 5 cut off in flight"
    for title in ("p(50)", "p(95)", "p(99)"):  # right above each other
        end = heading.index(title) + len(title)
        assert service[end - 1 : end + 1].strip() == "s"
        assert response[end - 1 : end + 1].strip() == "s"


def test_in_bench() -> None:
    values = dict.fromkeys(("count", *LATENCY_STATS), 5.0)
    metric = dataclasses.replace(DURATION, values=values, at_least=("p(99.9)", "max", "avg"))
    base = summary()
    text = render_bench(
        dataclasses.replace(base, metrics={metric.name: metric}),
        [],
        connections=1,
        colour=False,
        width=100,
    )
    assert "avg ≥5.00ms, min 5.00ms" in text
    assert text.count("≥5.00ms") == 3
    assert "cut off in flight: 5" in text


def test_k6s_export_has_the_bound_and_the_count() -> None:
    metrics = k6_summary_export(summary(UNDECIDED))["metrics"]
    assert metrics["http_req_duration"]["p(99)"] == 290.0
    assert metrics["http_req_duration"]["thresholds"] == {"p(99)<500": True}
    assert metrics["http_reqs_censored"]["count"] == 5


def test_a_completion_rate_of_which_tasks_were_cut_off_reads_as_its_lower_bound() -> None:
    share = MetricSummary(
        "task_completed",
        MetricKind.RATE,
        Contains.DEFAULT,
        {"rate": 0.9, "passes": 90, "fails": 4},
        censored=6,
        at_least=("rate",),
    )
    base = dataclasses.replace(summary(), metrics={share.name: share})
    text = render_console(base, colour=False, width=100)
    (line,) = [line for line in text.splitlines() if "task_completed" in line]
    assert "≥90.00 %" in line
    assert "90 of 100, 6 cut off" in line
