"""The summary's numbers, against values counted by hand."""

from __future__ import annotations

import json

import pytest
from exact_snapshot import ExactSnapshot, worker
from plans import ALL_METRICS, DEPTH, plan_with

from atlas_perf.errors import ExitCode
from atlas_perf.judge.summarize import summarize, unfinished_summary
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide, with_breach
from atlas_perf.model.metric import Contains, MetricKind
from atlas_perf.model.plan import ThresholdPlan
from atlas_perf.model.summary import CheckResult, CriterionState, ExceptionSummary, Facts
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.console import render_console
from atlas_perf.report.k6_export import k6_summary_export
from atlas_perf.report.summary_json import summary_to_json

FACTS = Facts(
    "0.1.0", "3.11.9", "0.23.0", "Linux", "a processor", 2, "http://u:hunter22@host", "local"
)
STARTED = "2026-11-23T14:05:12.5Z"


def summarized(snapshot, *thresholds, plan_plain=None, breach=None, **changes):
    plan = plan_with(*thresholds, **changes)
    judge = Judge(plan, ALL_METRICS)
    results = with_breach(judge.evaluate(snapshot), breach)
    decision = decide(results, snapshot, invalid=(), interrupted=False)
    return summarize(
        plan,
        snapshot,
        decision,
        results,
        started_at=STARTED,
        facts=FACTS,
        plan_plain=plan_plain or {"name": "api"},
    )


def requests(snapshot, name, method, status, *times_ms, failed=False, code=None, scenario="api"):
    tags = {
        "name": name,
        "method": method,
        "status": status,
        "scenario": scenario,
        "expected_response": "false" if failed else "true",
        **({"error_code": code} if code else {}),
    }
    snapshot.add("http_reqs", *[1.0] * len(times_ms), **tags)
    snapshot.add("http_req_failed", *[float(failed)] * len(times_ms), **tags)
    snapshot.add_ms("http_req_duration", *times_ms, **tags)


def test_metrics_of_every_kind_have_k6s_values():
    snapshot = ExactSnapshot(extra=(DEPTH,))
    snapshot.add("http_reqs", *[1.0] * 40)
    snapshot.add("vus", 1.0, 5.0, 3.0)
    snapshot.add("checks", 1.0, 1.0, 0.0, 1.0)
    snapshot.add("queue_depth", 1.0, 2.0, 9.0)
    snapshot.add_ms("iteration_duration", 10, 20, 30)
    metrics = summarized(snapshot, summary_trend_stats=("avg", "count", "p(50)")).metrics
    assert {name: dict(metric.values) for name, metric in metrics.items()} == {
        "checks": {"rate": 0.75, "passes": 3, "fails": 1},
        "http_reqs": {"count": 40.0, "rate": 4.0},
        "iteration_duration": {"count": 3, "avg": 20.0, "p(50)": 20.0},
        "queue_depth": {"count": 3, "avg": 4.0, "p(50)": 2.0},
        "vus": {"value": 3.0, "min": 1.0, "max": 5.0},
    }
    duration = metrics["iteration_duration"]
    assert (duration.kind, duration.contains) == (MetricKind.TREND, Contains.TIME)


def test_sub_metrics_of_thresholds_and_of_failures_are_there():
    snapshot = ExactSnapshot()
    requests(snapshot, "a", "GET", "200", 10, 20)
    requests(snapshot, "b", "GET", "500", 90, failed=True)
    summary = summarized(
        snapshot,
        ("http_req_duration{name:a}", "p(95)<500"),
        ('http_req_duration{ name : "zz" }', "p(95)<500"),
    )
    names = [name for name in summary.metrics if name.startswith("http_req_duration")]
    assert names == [
        "http_req_duration",
        "http_req_duration{expected_response:false}",
        "http_req_duration{name:a}",
    ]
    assert summary.metrics["http_req_duration"].values["max"] == 20
    assert summary.metrics["http_req_duration{expected_response:false}"].values["max"] == 90


def test_without_failures_no_sub_metric_speaks_of_them():
    snapshot = ExactSnapshot()
    requests(snapshot, "a", "GET", "200", 10)
    assert "http_req_duration{expected_response:false}" not in summarized(snapshot).metrics


def test_checks_are_counted_by_group_and_scenario():
    snapshot = ExactSnapshot()
    snapshot.add("checks", 1.0, 1.0, 0.0, check="ok", scenario="api")
    snapshot.add("checks", 1.0, check="ok", scenario="api", group="::a", extra="x")
    snapshot.add("checks", 1.0, 0.0, check="ok", scenario="api", group="::a::b")
    snapshot.add("checks", 0.0, check="ok", scenario="soak")
    assert sorted(summarized(snapshot).checks, key=lambda one: (one.scenario, one.group)) == [
        CheckResult("ok", "", "api", 2, 1),
        CheckResult("ok", "::a", "api", 1, 0),
        CheckResult("ok", "::a::b", "api", 1, 1),
        CheckResult("ok", "", "soak", 0, 1),
    ]


def test_endpoints_count_requests_statuses_and_errors_and_time_successes():
    snapshot = ExactSnapshot()
    requests(snapshot, "/a", "GET", "200", *range(1, 101))
    requests(snapshot, "/a", "GET", "503", 900, 901, failed=True, code="1503")
    requests(snapshot, "/a", "GET", "0", 60_000, failed=True, code="1050")
    requests(snapshot, "/a", "POST", "0", 5, failed=True, code="1212")
    requests(snapshot, "/a", "GET", "200", 7, scenario="soak")
    api_get, api_post, soak = summarized(snapshot).endpoints
    assert (api_get.scenario, api_get.method, api_get.name) == ("api", "GET", "/a")
    assert (api_get.requests, api_get.failed) == (103, 3)
    assert api_get.statuses == {"200": 100, "503": 2, "0": 1}
    assert api_get.errors == {"1503": 2, "1050": 1}
    assert api_get.latency_ms == pytest.approx(
        {"avg": 50.5, "p(50)": 50.5, "p(95)": 95.05, "p(99)": 99.01, "max": 100}
    )
    assert (api_post.requests, api_post.failed, api_post.latency_ms) == (1, 1, {})
    assert (soak.scenario, soak.requests) == ("soak", 1)


def test_endpoints_beyond_the_series_cap_have_no_method():
    snapshot = ExactSnapshot()
    tags = {"name": "(other)", "scenario": "api", "expected_response": "true"}
    snapshot.add("http_reqs", 1.0, 1.0, **tags).add("http_req_failed", 0.0, 0.0, **tags)
    (other,) = summarized(snapshot).endpoints
    assert (other.method, other.name, other.requests, other.statuses) == ("", "(other)", 2, {})


def test_verdict_ledger_workers_and_facts_pass_through():
    snapshot = ExactSnapshot(worker_list=(worker(),)).add("http_reqs", 1.0)
    summary = summarized(snapshot, ("http_reqs", "count>5"))
    assert (summary.verdict, summary.exit_code) == (Verdict.FAIL, ExitCode.FAIL)
    assert summary.reasons[0].startswith("http_reqs: count was 1")
    assert summary.ledger == snapshot.ledger()
    assert summary.workers == (worker(),)
    assert (summary.measured_s, summary.started_at) == (10.0, STARTED)
    assert [one.aborted_run for one in summary.thresholds] == [False]


class TestTheThresholdThatEndedTheRun:
    """It was broken when it ended the run, whatever it would read by the run's end."""

    THRESHOLDS = (("checks", "rate>0.5"), ThresholdPlan("checks", "rate>0.6", True))

    def summary(self):
        judge = Judge(plan_with(*self.THRESHOLDS), ALL_METRICS)
        snapshot = ExactSnapshot().add("checks", 1.0, 0.0)
        breach = judge.breach_to_abort(snapshot, judge.evaluate(snapshot))
        return summarized(snapshot.add("checks", 1.0, 1.0), *self.THRESHOLDS, breach=breach)

    def test_it_is_failed_with_the_value_that_broke_it(self):
        kept, broken = self.summary().thresholds
        assert (kept.state, kept.value, kept.aborted_run) == (CriterionState.PASSED, 0.75, False)
        assert (broken.state, broken.value, broken.aborted_run) == (
            CriterionState.FAILED,
            0.5,
            True,
        )
        assert broken.reason == "checks: rate was 0.5, which breaks the limit > 0.6."

    def test_every_report_says_so(self):
        summary = self.summary()
        assert k6_summary_export(summary)["metrics"]["checks"]["thresholds"] == {
            "rate>0.5": False,
            "rate>0.6": True,  # crossed
        }
        assert json.loads(summary_to_json(summary))["thresholds"][1]["state"] == "failed"
        text = render_console(summary, colour=False, width=100)
        assert "✗ rate>0.6" in text
        assert "1 of 2 criteria failed" in text


def test_no_secret_is_in_the_file():
    snapshot = ExactSnapshot(
        exception_list=(
            ExceptionSummary("api", "ValueError", "bad hunter22", "a.py", 3, 1, "… hunter22"),
        )
    )
    requests(snapshot, "http://h/?token=hunter22", "GET", "200", 5)
    snapshot.add("iteration_failed", 1.0)
    summary = summarized(
        snapshot,
        default_gates=True,
        env={"API_TOKEN": "hunter22"},
        plan_plain={"env": {"API_TOKEN": "hunter22", "USERS": "5"}},
    )
    text = summary_to_json(summary)
    assert "hunter22" not in text
    assert json.loads(text)["plan"]["env"] == {"API_TOKEN": "***", "USERS": "5"}
    assert summary.facts.target == "http://host"


def test_no_secret_of_the_process_is_in_the_file_either(monkeypatch):
    monkeypatch.setenv("SERVICE_PASSWORD", "hunter/22")
    monkeypatch.setenv("SOME_KEY", "GET")  # too short to be hidden from everything
    snapshot = ExactSnapshot()
    requests(snapshot, "http://h/?x=hunter%2F22", "GET", "200", 5)
    summary = summarized(snapshot, plan_plain={"tags": {"as": "hunter/22"}})
    text = summary_to_json(summary)
    assert "hunter" not in text
    assert summary.plan == {"tags": {"as": "***"}}
    assert summary.endpoints[0].method == "GET"


def test_an_unfinished_run_is_invalid_and_says_why():
    summary = unfinished_summary(
        plan_with(env={"A_SECRET": "hunter22"}),
        started_at=STARTED,
        facts=FACTS,
        plan_plain={"env": {"A_SECRET": "hunter22"}},
    )
    assert (summary.verdict, summary.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
    assert "has not finished" in summary.reasons[0]
    assert "hunter22" not in summary_to_json(summary)
