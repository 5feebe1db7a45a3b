"""Results of finished runs under a baseline file: the lies it must not tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.errors import ExitCode
from atlas_perf.judge.baselines.analysis import analyse
from atlas_perf.judge.baselines.judging import BaselineJudge
from atlas_perf.judge.baselines.reading import baselines_from_text
from atlas_perf.judge.withdrawn import withdrawn
from atlas_perf.model.analysis import Unreadable
from atlas_perf.model.summary import Facts, Summary
from atlas_perf.model.verdict import Verdict
from tests.judge.exact_snapshot import ExactSnapshot
from tests.judge.plans import plan_with


def rows(*scenarios, limit="< 500", minimum=100, aggregation="p(95)"):
    return baselines_from_text(
        "version = 1\n"
        + "".join(
            f'[[baseline]]\ncomponent = "API"\nname = "of {name}"\nscenario = "{name}"\n'
            f'metric = "http_req_duration"\naggregation = "{aggregation}"\nlimit = "{limit}"\n'
            f'unit = "ms"\nminimum_samples = {minimum}\n'
            for name in scenarios
        ),
        "b.toml",
    )


def run(name="api", value_ms=400, *, baselines=None, verdict=Verdict.PASS, cut_off_ms=()):
    snapshot = ExactSnapshot().add_ms(
        "http_req_duration", *[value_ms] * 100, expected_response="true"
    )
    if cut_off_ms:
        snapshot.add_ms("http_req_duration", *cut_off_ms, expected_response="unknown")
    judge = BaselineJudge(baselines or rows(name), plan_with(name=name))
    return Summary(
        name=name,
        file=f"{name}.py",
        file_sha256="00",
        started_at="2026-11-23T14:05:12+00:00",
        measured_s=10.0,
        verdict=verdict,
        exit_code=verdict.exit_code,
        reasons=("The clock broke.",) if verdict is Verdict.INVALID else (),
        facts=Facts("0", "3", "0", "", "", 2, "", ""),
        plan={},
        baselines=judge.judge(snapshot).report,
    )


def test_every_row_held_is_a_pass():
    found = analyse(rows("api", "a2a"), {"x": run("api"), "y": run("a2a")})
    assert (found.verdict, found.exit_code) == (Verdict.PASS, ExitCode.PASS)
    assert found.reasons == ("All 2 baselines held.",)


def test_a_row_whose_scenario_did_not_run_is_no_data_by_name():
    found = analyse(rows("api", "a2a"), {"x": run("api")})
    assert (found.verdict, found.exit_code) == (Verdict.NO_DATA, ExitCode.NO_DATA)
    assert found.reasons[0].startswith(
        "No run of scenario a2a was given, which leaves API of a2a without data"
    )


def test_rows_of_other_scenarios_can_be_left_out():
    assert analyse(rows("api", "a2a"), {"x": run("api")}, only=["api"]).verdict is Verdict.PASS


def test_a_broken_row_outweighs_one_without_data():
    found = analyse(rows("api", "a2a"), {"x": run("api", 600)})
    assert (found.verdict, found.exit_code) == (Verdict.FAIL, ExitCode.FAIL)
    assert found.reasons[0].startswith("Baseline API of api: http_req_duration: p(95) was 600 ms")


def test_a_run_that_proves_nothing_proves_no_row():
    found = analyse(rows("api"), {"x": run("api", verdict=Verdict.INVALID)})
    assert (found.verdict, found.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
    assert found.reasons[0] == "The run in x proves nothing: The clock broke."
    assert [row.verdict for row in found.rows] == [Verdict.INVALID]


def test_of_two_runs_of_a_scenario_both_count():
    found = analyse(rows("api"), {"x": run("api"), "y": run("api", 600)})
    assert (found.verdict, len(found.rows)) == (Verdict.FAIL, 2)


def test_runs_of_other_scenarios_have_no_baseline():
    found = analyse(rows("api"), {"x": run("mine")})
    assert (found.verdict, found.exit_code) == (Verdict.NO_BASELINE, ExitCode.NO_DATA)
    assert found.reasons == ("b.toml has no baseline for 'mine': there are some for api.",)
    assert found.rows == ()


def test_what_cannot_be_read_outweighs_what_can():
    found = analyse(
        rows("api"), {"x": run("api")}, unreadable=[Unreadable(Verdict.INVALID, "It is torn.")]
    )
    assert (found.verdict, found.reasons[0]) == (Verdict.INVALID, "It is torn.")


def test_a_run_that_kept_no_baselines_is_no_data():
    found = analyse(rows("api"), {"x": replace(run("api"), baselines=None)})
    assert found.verdict is Verdict.NO_DATA
    assert "its run kept no baselines" in found.reasons[0]


@pytest.mark.parametrize(
    ("asked", "verdict", "says"),
    [
        ({"limit": "< 300"}, Verdict.FAIL, "was 400 ms, which breaks the limit < 300 ms"),
        ({"limit": "< 450"}, Verdict.PASS, "held"),
        ({"minimum": 101}, Verdict.NO_DATA, "100 samples are too few: the row asks for 101"),
        ({"aggregation": "p(99)"}, Verdict.NO_DATA, "kept no p(99) of http_req_duration"),
    ],
)
def test_another_file_can_be_asked_of_the_same_run(asked, verdict, says):
    found = analyse(rows("api", **asked), {"x": run("api")})
    assert found.verdict is verdict
    assert says in found.reasons[0]


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [("< 450", Verdict.NO_DATA), ("< 300", Verdict.FAIL), ("> 300", Verdict.PASS)],
)
def test_a_lower_bound_is_judged_as_one(limit, verdict):
    cut_off = run("api", cut_off_ms=[400] * 50)
    assert cut_off.baselines.rows[0].at_least
    assert analyse(rows("api", limit=limit), {"x": cut_off}).verdict is verdict


def test_a_verdict_taken_back_takes_its_rows_with_it():
    taken_back = withdrawn(run("api"), "The target died.")
    assert [row.verdict for row in taken_back.baselines.rows] == [Verdict.INVALID]
    assert withdrawn(replace(run("api"), baselines=None), "It died.").baselines is None


def test_a_verdict_taken_back_leaves_no_word_of_comfort() -> None:
    passed = replace(run("api"), reasons=("The one criterion was met.", "Warning: a disk is full."))
    taken_back = withdrawn(passed, "The target died.")
    assert (taken_back.verdict, taken_back.exit_code) == (Verdict.INVALID, ExitCode.INVALID)
    assert taken_back.reasons == ("The target died.", "Warning: a disk is full.")


def test_an_interrupted_run_whose_verdict_is_taken_back_stays_interrupted() -> None:
    interrupted = replace(run("api"), exit_code=ExitCode.INTERRUPTED)
    taken_back = withdrawn(interrupted, "The target died.")
    assert (taken_back.verdict, taken_back.exit_code) == (Verdict.INVALID, ExitCode.INTERRUPTED)
