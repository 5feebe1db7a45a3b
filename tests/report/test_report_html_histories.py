"""How a criterion went along, within its run and over runs, as a page tells it."""

from __future__ import annotations

import dataclasses

import pytest
from made_pages import KEPT, Page
from sample_summary import sample_summary

from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.html.histories import MOST_POINTS, history_of
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.html.trend_page import trend_page
from atlas_perf.report.run_outcomes import EarlierRuns, Outcome, RunOutcomes

P95 = ("http_req_duration", "p(95)<500")


def criterion(selector: str, expression: str, unit: str = "") -> ThresholdResult:
    return ThresholdResult(selector, expression, CriterionState.PASSED, 1.0, 5.0, unit)


@pytest.mark.parametrize(
    ("selector", "expression", "values"),
    [
        ("checks", "rate>0.9", (0.75, 1)),
        ("http_req_duration{name:runs,method:GET,scenario:api}", "max<5 over steady", (2, 3)),
    ],
)
def test_a_history_comes_from_the_windows_that_were_kept(selector, expression, values):
    history = history_of("key", criterion(selector, expression), (sample_summary(), KEPT))
    assert history is not None
    assert history.values == values
    assert history.points == ("part 1 of 2 of the steady phase", "part 2 of 2 of the steady phase")


def test_a_history_of_seconds_says_which_and_keeps_the_worst():
    summary = sample_summary()
    windows = tuple(
        dataclasses.replace(summary.windows[0], second=second, p95_ms=9.0 if second == 4321 else 1)
        for second in range(5000)
    )
    long = dataclasses.replace(summary, windows=windows)
    for expression, worst in (("p(95)<500", 9), ("p(95)>0.5", 1)):
        history = history_of("key", criterion(P95[0], expression, "ms"), (long, KEPT))
        assert history is not None
        assert len(history.values) == len(history.points) == MOST_POINTS
        assert history.points[0] == "worst of seconds 0 to 41"
        (index,) = (i for i, one in enumerate(history.points) if one.endswith(" 4292 to 4332"))
        assert history.values[index] == worst


def test_a_run_without_seconds_is_told_in_parts_or_not_at_all():
    summary = dataclasses.replace(sample_summary(), windows=())
    history = history_of("key", criterion(*P95, "ms"), (summary, KEPT))
    assert history is not None
    assert len(history.values) == 2
    assert history_of("key", criterion("vus", "max<5"), (summary, KEPT)) is None


def earlier(*outcomes: Outcome) -> tuple[RunOutcomes, ...]:
    return tuple(
        RunOutcomes(f"run-{day}", f"2026-11-{day:02}T14:05:12Z", Verdict.FAIL, {P95: outcome})
        for day, outcome in enumerate(outcomes, 1)
    )


def histories_over_runs(runs: EarlierRuns):
    (threshold,) = (
        index
        for index, one in enumerate(sample_summary().thresholds)
        if (one.selector, one.expression) == P95
    )
    text = run_page(sample_summary(), KEPT, runs)
    found = [one for one in Page(text).data["histories"] if one["key"].endswith("-runs")]
    assert all(one["key"] == f"threshold-{threshold}-runs" for one in found)
    assert text.count('data-history="threshold-0-runs"') == len(found)
    return found, text


def test_earlier_runs_stand_before_this_one_with_what_they_came_to():
    runs = earlier(
        Outcome(612.5, CriterionState.FAILED),
        Outcome(None, CriterionState.NO_DATA),
        Outcome(20.0, CriterionState.PASSED),
    )
    found, text = histories_over_runs(EarlierRuns(runs))
    (history,) = found
    assert history["values"] == [612.5, None, 20, 31.44]
    assert history["words"] == ["not met", "no data", "met", "met"]
    assert history["points"][0] == "2026-11-01 14:05 · run-1"
    assert history["points"][-1] == "2026-11-23 14:05 · this run"
    assert (history["unit"], history["limit"]) == ("ms", 500)
    assert "3 earlier runs like this one are beside it." in text


def test_a_criterion_that_no_run_had_before_has_no_line():
    other = {("http_req_duration", "p(95)<400"): Outcome(1.0, CriterionState.PASSED)}
    runs = (RunOutcomes("run", "2026-11-01T14:05:12Z", Verdict.PASS, other),)
    assert histories_over_runs(EarlierRuns(runs))[0] == []


def test_runs_that_are_left_out_are_told():
    _, text = histories_over_runs(EarlierRuns((), 3, "number of CPUs 4 and <b>2</b>", 1, 2))
    assert (
        "No earlier runs like this one are beside it. Left out: 3 unlike it (the newest in number "
        "of CPUs 4 and &lt;b&gt;2&lt;/b&gt;); 1 INVALID or interrupted; 2 that cannot be read."
    ) in text
    assert "earlier run" not in histories_over_runs(EarlierRuns())[1].partition("<script")[0]


def test_a_trend_has_each_criterion_over_its_runs():
    newest = sample_summary()
    older = dataclasses.replace(newest, started_at="2026-11-22T14:05:12Z")
    page = Page(trend_page([("results/b", newest), ("results/a", older)]))
    history = next(one for one in page.data["histories"] if one["unit"] == "ms")
    assert history["points"] == ["2026-11-22 14:05 · a", "2026-11-23 14:05 · b"]
    assert len(history["words"]) == 2
