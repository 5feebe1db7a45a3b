"""What CI systems read of a run, with their own formats' parsers where there are some."""

from __future__ import annotations

import dataclasses
import json
from xml.etree import ElementTree as ET

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sample_summary import sample_summary

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import CriterionState, Summary, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.code_quality import code_quality
from atlas_perf.report.criterion_text import criterion_text
from atlas_perf.report.junit import VALIDITY, junit_xml
from atlas_perf.report.markdown import markdown
from atlas_perf.report.open_metrics import open_metrics

SAMPLE = sample_summary()
STATES = [
    *(result.state for result in SAMPLE.thresholds),
    CriterionState.FAILED,  # and its four baselines
    CriterionState.PASSED,
    CriterionState.PASSED,
    CriterionState.NO_DATA,
]
INVALID = dataclasses.replace(
    SAMPLE,
    verdict=Verdict.INVALID,
    exit_code=ExitCode.INVALID,
    reasons=("worker 1 was lost: it was killed by signal 9.",),
)
HOSTILE = "a\x00b\x1b[31m<script>alert(1)</script>]]> \"&' `x` | \ud800\n# no heading"


def hostile_summary() -> Summary:
    hurt = ThresholdResult(
        f"checks{{x:{HOSTILE}}}", "rate>0.9", CriterionState.FAILED, 0.1, 0.9, "", reason=HOSTILE
    )
    endpoint = dataclasses.replace(SAMPLE.endpoints[0], name=HOSTILE)
    return dataclasses.replace(
        SAMPLE, name=HOSTILE, thresholds=(hurt,), endpoints=(endpoint,), reasons=(HOSTILE,)
    )


def cases(summary: Summary) -> dict[str, ET.Element]:
    root = ET.fromstring(junit_xml(summary))
    return {f"{case.get('classname')} {case.get('name')}": case for case in root.iter("testcase")}


def outcome(case: ET.Element) -> str:
    found = [kind for kind in ("failure", "error", "skipped") if case.find(kind) is not None]
    return found[0] if found else "passed"


def test_junit_has_a_case_for_each_criterion_and_one_for_the_run():
    told = cases(SAMPLE)
    assert len(told) == len(STATES) + 1
    assert outcome(told[f"api.verdict {VALIDITY}"]) == "passed"
    for result in SAMPLE.thresholds:
        expected = {"passed": "passed", "failed": "failure", "no_data": "error"}[result.state]
        assert outcome(told[f"api.{result.selector} {result.expression}"]) == expected
    for row in SAMPLE.baselines.rows:
        expected = {"PASS": "passed", "FAIL": "failure", "NO_DATA": "error"}[row.verdict]
        assert (
            outcome(told[f"api.baseline {row.title} {row.selector} {row.expression}"]) == expected
        )


def test_baselines_that_do_not_count_are_no_cases():
    shown = dataclasses.replace(SAMPLE.baselines, counted=False)
    told = cases(dataclasses.replace(SAMPLE, baselines=shown))
    assert len(told) == len(SAMPLE.thresholds) + 1


def test_a_junit_failure_says_value_limit_margin_and_where_to_look():
    failed = next(r for r in SAMPLE.thresholds if r.state is CriterionState.FAILED)
    failure = cases(SAMPLE)[f"api.{failed.selector} {failed.expression}"].find("failure")
    assert failure is not None
    text = failure.text or ""
    assert f"value: {criterion_text(failed).value}" in text
    assert f"limit: {failed.expression}" in text
    assert "% outside" in text
    assert failed.reason in text


def test_junit_counts_are_those_of_its_cases():
    suite = ET.fromstring(junit_xml(SAMPLE)).find("testsuite")
    assert suite is not None
    outcomes = [outcome(case) for case in suite.iter("testcase")]
    assert suite.get("tests") == str(len(outcomes))
    assert suite.get("failures") == str(outcomes.count("failure"))
    assert suite.get("errors") == str(outcomes.count("error"))


def test_an_invalid_run_is_an_error_and_comforts_nobody():
    told = cases(INVALID)
    validity = told.pop(f"api.verdict {VALIDITY}")
    assert outcome(validity) == "error"
    assert "killed by signal 9" in (validity.find("error").text or "")
    assert "passed" not in {outcome(case) for case in told.values()}


def test_open_metrics_are_what_the_official_parser_reads():
    families = {
        family.name: family for family in text_string_to_metric_families(open_metrics(SAMPLE))
    }
    duration = families["atlas_perf_http_req_duration_milliseconds"]
    plain = {
        sample.labels["statistic"]: sample.value
        for sample in duration.samples
        if set(sample.labels) == {"statistic", "scenario_file"}
    }
    assert plain["p(95)"] == SAMPLE.metrics["http_req_duration"].values["p(95)"]
    met = families["atlas_perf_criterion_met"].samples
    assert sum(sample.value for sample in met) == STATES.count(CriterionState.PASSED)


def test_open_metrics_do_not_change_with_what_says_nothing():
    later = dataclasses.replace(SAMPLE, started_at="2027-01-01T00:00:00Z")
    assert open_metrics(later) == open_metrics(SAMPLE)


def test_markdown_begins_with_the_verdict_and_shows_each_criterion():
    lines = markdown(SAMPLE).splitlines()
    assert lines[0] == "## ❌ FAIL: api, a criterion was not met"
    rows = [line for line in lines if line.startswith(("| ✅", "| ❌", "| ❔"))]
    assert len(rows) == len(STATES)


def test_markdown_of_an_invalid_run_has_no_tick():
    assert "✅" not in markdown(INVALID)


ARRIVALS = dataclasses.replace(
    SAMPLE.windows[0], planned_arrivals=50, started_arrivals=31, requests_per_s=31.0
)


def test_each_format_says_what_the_generator_offered_and_how_it_was():
    run = dataclasses.replace(SAMPLE, windows=(ARRIVALS,))
    validity = cases(run)[f"api.verdict {VALIDITY}"].findtext("system-out") or ""
    note = markdown(run).replace("\\", "")
    for said in (
        "iterations scheduled",
        "arrivals: 31 of 50 planned were started, and only 31 of 50 in second",
        "CPU cores · loop lag at most",
    ):
        assert said in validity
        assert said in note
    figures = {
        family.name.removeprefix("atlas_perf_generator_"): family.samples[0].value
        for family in text_string_to_metric_families(open_metrics(run))
        if family.name.startswith("atlas_perf_generator_")
    }
    worst = max(worker.loop_lag_max_ms for worker in SAMPLE.workers)
    assert figures["loop_lag_max_milliseconds"] == pytest.approx(worst)
    assert (figures["arrivals_planned"], figures["arrivals_started"]) == (50, 31)
    assert set(figures) >= {"cpu_cores", "own_lag_share", "open_files", "gc_pause_max_milliseconds"}


def test_markdown_has_the_response_times_beside_the_service_times():
    endpoint = dataclasses.replace(
        SAMPLE.endpoints[0],
        response_ms={"p(50)": 120.0, "p(95)": 900.0, "p(99)": 1900.0},
        response_at_least=("p(99)",),
    )
    text = markdown(dataclasses.replace(SAMPLE, endpoints=(endpoint,)))
    assert "| ↳ response, from when due |  |  | 120ms | 900ms | ≥1.90s |" in text
    without = dataclasses.replace(endpoint, response_ms={}, response_at_least=())
    assert "↳" not in markdown(dataclasses.replace(SAMPLE, endpoints=(without,)))


def test_code_quality_names_the_line_of_a_broken_criterion():
    failed = next(r for r in SAMPLE.thresholds if r.state is CriterionState.FAILED)
    plain = {"selector": failed.selector, "expression": failed.expression, "place": "api.py:41"}
    issues = code_quality(dataclasses.replace(SAMPLE, plan={"thresholds": [plain]}))
    broken = [state for state in STATES if state is not CriterionState.PASSED]
    assert len(issues) == len(broken)
    placed = next(issue for issue in issues if failed.expression in issue["description"])
    assert placed["location"] == {"path": "api.py", "lines": {"begin": 41}}
    assert placed["severity"] == "critical"


def test_a_finding_is_the_same_finding_whatever_its_value():
    fingerprints = [issue["fingerprint"] for issue in code_quality(SAMPLE)]
    other = tuple(dataclasses.replace(r, value=9e9, reason="else") for r in SAMPLE.thresholds)
    changed = code_quality(dataclasses.replace(SAMPLE, thresholds=other))
    assert [issue["fingerprint"] for issue in changed] == fingerprints
    assert len(set(fingerprints)) == len(fingerprints)


@pytest.mark.parametrize("write", [junit_xml, markdown])
def test_no_text_of_a_run_becomes_markup(write):
    text = write(hostile_summary())
    assert "<script" not in text
    assert "\x1b" not in text
    text.encode()


def test_hostile_names_leave_each_format_readable():
    summary = hostile_summary()
    ET.fromstring(junit_xml(summary))
    assert list(text_string_to_metric_families(open_metrics(summary)))
    json.dumps(code_quality(summary), allow_nan=False)
    headings = [line for line in markdown(summary).splitlines() if line.startswith("#")]
    assert len(headings) == 1


@pytest.mark.parametrize(
    ("value", "limit", "state", "margin"),
    [
        (400.0, 500.0, CriterionState.PASSED, "20 % inside"),
        (600.0, 500.0, CriterionState.FAILED, "20 % outside"),
        (0.5, 0.0, CriterionState.FAILED, ""),
        (None, 500.0, CriterionState.NO_DATA, ""),
    ],
)
def test_a_margin_is_a_part_of_the_limit(value, limit, state, margin):
    result = ThresholdResult("http_req_duration", "p(95)<500", state, value, limit, "ms")
    assert criterion_text(result).margin == margin
