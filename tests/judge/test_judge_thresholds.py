"""Validation before the run, judgement during it and at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exact_snapshot import ExactSnapshot
from plans import ALL_METRICS, DEPTH, plan_with

from atlas_perf.errors import ExitCode, PlanError
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.plan import ThresholdPlan
from atlas_perf.model.summary import CriterionState
from atlas_perf.units import NS_PER_S

PASSED, FAILED, NO_DATA = CriterionState.PASSED, CriterionState.FAILED, CriterionState.NO_DATA


def judged(snapshot: ExactSnapshot, *thresholds: tuple[str, str], **changes: object):
    return Judge(plan_with(*thresholds, **changes), ALL_METRICS).evaluate(snapshot)


@pytest.mark.parametrize(
    ("selector", "expression", "says"),
    [
        (
            "http_req_duratoin",
            "p(95)<500",
            "there is no metric 'http_req_duratoin': did you mean 'http_req_duration'?",
        ),
        ("zzz", "p(95)<500", "use a built-in one or define it in the scenario file"),
        (
            "http_reqs",
            "p(95)<500",
            "http_reqs is a counter, which has no p(N): write count or rate",
        ),
        ("checks", "count>5", "checks is a rate, which has no count: write rate"),
        ("vus", "avg>5", "vus is a gauge, which has no avg: write value, min or max"),
        (
            "http_req_duration",
            "rate<5",
            "http_req_duration is a trend, which has no rate: write avg, min, med, max or p(N)",
        ),
        ("http_req_duration", "count>5", "which has no count"),
        ("http_req_duration", "p95<5", "write p(95)"),
        ("http_req_duration{name}", "p(95)<5", "malformed tag"),
        ("http_req_duration{}", "p(95)<5", "empty braces"),
        ("http_req_duration{name:x", "p(95)<5", "is not a metric"),
    ],
)
def test_a_wrong_threshold_is_refused_in_one_sentence_that_names_it(selector, expression, says):
    with pytest.raises(PlanError) as refused:
        Judge(plan_with((selector, expression)), ALL_METRICS)
    sentence = str(refused.value)
    assert sentence.startswith(f"threshold '{selector}: {expression}': ")
    assert says in sentence
    assert "\n" not in sentence
    assert refused.value.exit_code == ExitCode.USAGE


def test_a_wrong_threshold_of_a_file_names_its_line() -> None:
    plan = replace(plan_with(), thresholds=(ThresholdPlan("nope", "avg<1", place="mine.py:12"),))
    with pytest.raises(PlanError, match=r"^mine\.py:12: threshold 'nope: avg<1': there is no"):
        Judge(plan, ALL_METRICS)


@pytest.mark.parametrize(
    ("stat", "says"),
    [
        ("p99", "write p(99)"),
        ("rate", "'rate' is not a statistic of a trend"),
        ("value", "write count, avg"),
    ],
)
def test_a_wrong_summary_statistic_is_refused(stat, says):
    with pytest.raises(PlanError, match="summaryTrendStats: ") as refused:
        Judge(plan_with(summary_trend_stats=("avg", stat)), ALL_METRICS)
    assert says in str(refused.value)


def test_results_come_in_the_plans_order_and_as_written():
    snapshot = ExactSnapshot(extra=(DEPTH,)).add("http_reqs", *[1.0] * 50).add("queue_depth", 3.0)
    results = judged(snapshot, ("queue_depth", "max<=3"), ("http_reqs", " rate >= 5 "))
    assert [(one.selector, one.expression, one.state) for one in results] == [
        ("queue_depth", "max<=3", PASSED),
        ("http_reqs", " rate >= 5 ", PASSED),
    ]
    assert [(one.value, one.limit, one.unit) for one in results] == [
        (3.0, 3.0, ""),
        (5.0, 5.0, "per_s"),
    ]


def test_times_are_judged_in_milliseconds():
    snapshot = ExactSnapshot().add_ms("http_req_duration", 10, 20, 600, expected_response="true")
    (result,) = judged(snapshot, ("http_req_duration", "max<500"))
    assert (result.state, result.value, result.unit) == (FAILED, 600.0, "ms")
    assert result.reason == "http_req_duration: max was 600 ms, which breaks the limit < 500 ms."


def test_a_value_that_rounds_to_the_limit_is_printed_apart_from_it():
    snapshot = ExactSnapshot().add_ms("iteration_duration", 500.0004)
    (result,) = judged(snapshot, ("iteration_duration", "avg<500"))
    assert "avg was 500.0004 ms, which breaks the limit < 500 ms" in result.reason


def test_bare_http_times_speak_of_successes_only():
    snapshot = (
        ExactSnapshot()
        .add_ms("http_req_duration", 10, expected_response="true", status="200")
        .add_ms("http_req_duration", 60_000, expected_response="false", status="0")
    )
    bare, failed = judged(
        snapshot,
        ("http_req_duration", "max<500"),
        ("http_req_duration{expected_response:false}", "max<500"),
    )
    assert (bare.state, failed.state) == (PASSED, FAILED)


@pytest.mark.parametrize(
    ("selector", "expression"),
    [
        ("checks", "rate>0.9"),
        ("http_req_failed", "rate<0.01"),
        ("http_req_duration", "p(95)<500"),
        ("http_reqs", "count<10"),
        ("http_reqs", "rate<10"),
        ("vus", "value<10"),
        ("queue_depth", "avg<10"),
    ],
)
def test_no_sample_is_no_data_for_every_kind(selector, expression):
    (result,) = judged(ExactSnapshot(extra=(DEPTH,)), (selector, expression))
    assert result.state is NO_DATA
    assert result.value is None
    assert result.reason == f"{selector} has no sample, since nothing in the run recorded one."


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        (
            "http_reqs{name:GET /rusn}",
            "no http_reqs sample has the tag name:GET /rusn; the nearest are name:GET /runs, "
            "name:GET /run/1.",
        ),
        (
            "http_reqs{name:zzzzzzzz}",
            "no http_reqs sample has the tag name:zzzzzzzz; there are name:GET /run/1, "
            "name:GET /runs, name:POST /a and 1 more.",
        ),
        (
            "http_reqs{scenario:soak}",
            "no http_reqs sample has the tag scenario:soak; there is only scenario:api.",
        ),
        ("http_reqs{nam:x}", "no http_reqs sample has a tag named nam; the nearest is name."),
        (
            "http_reqs{name:POST /a,status:200}",
            "http_reqs{name:POST /a,status:200} has no sample, since its tags occur but never "
            "all together.",
        ),
    ],
)
def test_a_tag_that_matches_nothing_is_no_data_and_told_what_exists(selector, reason):
    snapshot = ExactSnapshot()
    for name, status in (
        ("GET /runs", "200"),
        ("GET /run/1", "200"),
        ("POST /a", "500"),
        ("X", "0"),
    ):
        snapshot.add("http_reqs", 1.0, name=name, status=status, scenario="api")
    (result,) = judged(snapshot, (selector, "count>0"))
    assert (result.state, result.reason) == (NO_DATA, reason)


def test_only_failures_leave_the_bare_times_without_data():
    snapshot = ExactSnapshot().add_ms("http_req_duration", 5, expected_response="false")
    (result,) = judged(snapshot, ("http_req_duration", "p(95)<500"))
    assert result.state is NO_DATA
    assert "no request got the response it expected" in result.reason


def test_default_gates_are_judged_where_they_have_samples_and_no_rival():
    snapshot = ExactSnapshot().add("http_req_failed", 1.0, 0.0).add("iteration_failed", *[0.0] * 5)
    own = ("http_req_failed", "rate<=0.5")
    gated = judged(snapshot, own, default_gates=True)
    assert [(one.selector, one.state, one.default_gate) for one in gated] == [
        ("http_req_failed", PASSED, False),
        ("iteration_failed", PASSED, True),
    ]
    assert [one.selector for one in judged(snapshot, own)] == ["http_req_failed"]


def test_a_threshold_on_a_sub_metric_does_not_replace_the_default_gate():
    snapshot = ExactSnapshot().add("http_req_failed", 1.0, 0.0, name="a")
    results = judged(snapshot, ("http_req_failed{name:a}", "rate<=0.5"), default_gates=True)
    assert [(one.selector, one.state) for one in results] == [
        ("http_req_failed{name:a}", PASSED),
        ("http_req_failed", FAILED),
    ]


@pytest.mark.parametrize(
    ("metric", "at_the_limit", "beyond"),
    [
        ("checks", [1.0] * 100, [1.0] * 98 + [0.0] * 2),
        ("http_req_failed", [0.0] * 101 + [1.0], [0.0] * 99 + [1.0]),
        ("iteration_failed", [0.0] * 101 + [1.0], [0.0] * 99 + [1.0]),
    ],
)
def test_each_default_gate_has_its_limit(metric, at_the_limit, beyond):
    (kept,) = judged(ExactSnapshot().add(metric, *at_the_limit), default_gates=True)
    (broken,) = judged(ExactSnapshot().add(metric, *beyond), default_gates=True)
    assert (kept.state, broken.state) == (PASSED, FAILED)


@pytest.mark.parametrize(
    ("value_ms", "limit", "state", "close"),
    [
        (498.0, "p(95)<500", PASSED, True),
        (502.0, "p(95)<500", FAILED, True),
        (490.0, "p(95)<500", PASSED, False),
        (510.0, "p(95)<500", FAILED, False),
        (498.0, "max<500", PASSED, False),
        (498.0, "avg<500", PASSED, False),
        (498.0, "p(100)<500", PASSED, False),
        (498.0, "med<500", PASSED, True),
    ],
)
def test_a_quantile_within_the_sketchs_error_of_its_limit_is_decided_and_said_aloud(
    value_ms, limit, state, close
):
    snapshot = ExactSnapshot(relative_accuracy=0.01).add_ms("iteration_duration", value_ms)
    (result,) = judged(snapshot, ("iteration_duration", limit))
    assert result.state is state
    assert ("within the sketch's 1 % of it" in result.reason) is close


def test_an_exact_distribution_is_never_too_close_to_call():
    snapshot = ExactSnapshot().add_ms("iteration_duration", 499.999)
    (result,) = judged(snapshot, ("iteration_duration", "med<500"))
    assert result.reason == ""


@pytest.mark.parametrize(
    ("abort", "delay_s", "elapsed_s", "failing", "aborts"),
    [
        (True, 0, 1, True, True),
        (True, 10, 9, True, False),
        (True, 10, 10, True, True),
        (False, 0, 10, True, False),
        (True, 0, 10, False, False),
    ],
)
def test_a_failed_threshold_ends_the_run_if_it_asks_to_and_its_delay_is_over(
    abort, delay_s, elapsed_s, failing, aborts
):
    threshold = ThresholdPlan("checks", "rate>0.9", abort, delay_s * NS_PER_S)
    judge = Judge(plan_with(threshold), ALL_METRICS)
    snapshot = ExactSnapshot(elapsed_ns=elapsed_s * NS_PER_S).add("checks", 0.0 if failing else 1.0)
    results = judge.evaluate(snapshot)
    assert (judge.breach_to_abort(snapshot, results) is not None) is aborts


def test_a_threshold_without_samples_never_ends_the_run():
    judge = Judge(plan_with(ThresholdPlan("checks", "rate>0.9", True)), ALL_METRICS)
    snapshot = ExactSnapshot()
    assert judge.breach_to_abort(snapshot, judge.evaluate(snapshot)) is None


def test_the_first_breach_that_asks_ends_the_run():
    thresholds = (
        ThresholdPlan("checks", "rate>0.5"),
        ThresholdPlan("checks", "rate>0.9", True),
        ThresholdPlan("checks", "rate>0.8", True),
    )
    judge = Judge(plan_with(*thresholds), ALL_METRICS)
    snapshot = ExactSnapshot().add("checks", 0.0)
    breach = judge.breach_to_abort(snapshot, judge.evaluate(snapshot))
    assert breach is not None
    assert breach.expression == "rate>0.9"


class TestBeyondTheSeriesCap:
    """Folded samples keep two tags at most; nobody can say what else they were."""

    def snapshot(self, **kept: str) -> ExactSnapshot:
        snapshot = ExactSnapshot()
        for metric in ("http_reqs", "http_req_failed", "http_req_duration"):
            snapshot.add(metric, *[0.0] * 5, name="login", expected_response="true", scenario="api")
        return snapshot.add("http_req_failed", *[1.0] * 20, name="(other)", **kept)

    @pytest.mark.parametrize(
        ("selector", "state"),
        [
            ("http_req_failed{name:login}", NO_DATA),
            ("http_req_failed{name:login,scenario:api}", NO_DATA),
            ("http_req_failed{status:500,expected_response:false}", NO_DATA),
            ("http_req_failed{name:login,expected_response:true}", PASSED),
            ("http_req_failed{name:login,scenario:other}", NO_DATA),  # it has no sample at all
            ("http_req_failed{scenario:api}", FAILED),
            ("http_req_failed{expected_response:false}", FAILED),
            ("http_req_failed{name:(other)}", FAILED),
            ("http_req_failed", FAILED),
        ],
    )
    def test_a_tag_that_may_have_been_folded_is_not_judged(self, selector, state):
        snapshot = self.snapshot(expected_response="false", scenario="api")
        (result,) = judged(snapshot, (selector, "rate<0.01"))
        assert result.state is state

    def test_the_reason_names_the_cap_and_what_to_do(self):
        snapshot = self.snapshot(expected_response="false", scenario="api")
        (result,) = judged(snapshot, ("http_req_failed{name:login}", "rate<0.01"))
        assert result.value is None
        assert "series cap" in result.reason
        assert result.reason.endswith("one name=, and tags few values.")

    def test_where_even_the_scenario_was_given_up_it_is_not_judged_either(self):
        (result,) = judged(self.snapshot(), ("http_req_failed{scenario:api}", "rate<0.01"))
        assert result.state is NO_DATA

    def test_a_check_that_may_have_been_folded_is_not_judged(self):
        snapshot = ExactSnapshot().add("checks", 1.0, check="paid", scenario="api")
        snapshot.add("checks", 0.0, check="(other)", name="(other)", scenario="api")
        states = {}
        for selector in ("checks{check:paid}", "checks{scenario:api}", "checks{check:(other)}"):
            (result,) = judged(snapshot, (selector, "rate>0.9"))
            states[selector] = result.state
            if result.state is NO_DATA:
                assert result.reason.endswith("out of the names of checks and groups.")
        assert list(states.values()) == [NO_DATA, FAILED, FAILED]

    def test_other_metrics_are_judged_as_ever(self):
        snapshot = self.snapshot(expected_response="false", scenario="api")
        (result,) = judged(snapshot, ("http_reqs{name:login}", "count<10"))
        assert result.state is PASSED

    def test_requests_that_a_user_calls_other_are_no_folded_ones(self):
        tags = {"name": "(other)", "method": "GET", "expected_response": "false"}
        snapshot = ExactSnapshot().add("http_req_failed", 1.0, **tags)
        snapshot.add("http_req_failed", 0.0, name="login")
        (result,) = judged(snapshot, ("http_req_failed{name:login}", "rate<0.01"))
        assert result.state is PASSED
