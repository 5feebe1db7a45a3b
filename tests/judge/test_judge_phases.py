"""`over steady`: criteria on a phase of the load, and a warm-up that does not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.errors import ExitCode, PlanError
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.judge.scope import shortened_phases
from atlas_perf.judge.summarize import summarize
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import Decision
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.plan import ConstantVUs, RampingVUs, ScenarioPlan, Stage, TestPlan
from atlas_perf.model.summary import CriterionState, Facts, PhaseSummary, ThresholdResult, Window
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_S
from tests.judge.exact_snapshot import ExactSnapshot
from tests.judge.plans import ALL_METRICS, plan_with

S = NS_PER_S
RAMP = RampingVUs(0, (Stage(10 * S, 5), Stage(20 * S, 5), Stage(5 * S, 0)))
CONSTANT = ConstantVUs(5, 20 * S)
FACTS = Facts("1", "3", "0", "linux", "cpu", 2, "", "")


def plan(*thresholds: tuple[str, str], executor=RAMP, warm_s: int = 0, **changes) -> TestPlan:
    scenario = ScenarioPlan("api", executor, warm_up_ns=warm_s * S)
    return plan_with(*thresholds, **{"scenarios": (scenario,), **changes})


def judged(snapshot: ExactSnapshot, made: TestPlan) -> ThresholdResult:
    return Judge(made, ALL_METRICS).evaluate(snapshot)[0]


def warmed_up() -> ExactSnapshot:
    """20 s, of which 5 s are a warm-up: ten slow requests in it, and thirty quick ones after."""
    snapshot = ExactSnapshot(elapsed_ns=20 * S, uncounted_phase="warm-up")
    ok = {"expected_response": "true"}
    snapshot.add_ms("http_req_duration", *[500.0] * 10, phase="warm-up", **ok)
    snapshot.add_ms("http_req_duration", *[5.0] * 30, phase="steady", **ok)
    snapshot.add("http_reqs", *[1.0] * 10, phase="warm-up")
    snapshot.add("http_reqs", *[1.0] * 30, phase="steady")
    return snapshot


class TestGrammar:
    def test_a_phase_is_read(self) -> None:
        assert parse_threshold("p(95)<500 over steady").over is LoadPhase.STEADY
        assert parse_threshold("p(95) < 500  over   ramp-down").limit == 500
        assert parse_threshold("p(95)<500").over is None

    def test_with_stretches_inside_it(self) -> None:
        read = parse_threshold("rate<0.01 in any 30s over steady")
        assert (read.stretch_s, read.over, read.limit) == (30, LoadPhase.STEADY, 0.01)

    @pytest.mark.parametrize(
        ("scope", "sentence"),
        [
            ("over stedy", "no phase 'stedy' .* did you mean 'steady'"),
            ("over", "no phase '' .*write warm-up, ramp, steady or ramp-down"),
            ("over xyz", "write warm-up, ramp, steady or ramp-down"),
            ("over setup", "nothing is measured in setup"),
            ("over steady in any 30s", "turned round: write 'in any 30s over steady'"),
        ],
    )
    def test_what_is_no_phase_is_refused(self, scope: str, sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            parse_threshold(f"p(95)<500 {scope}")


class TestPlans:
    @pytest.mark.parametrize(
        ("expression", "executor", "sentence"),
        [
            ("p(95)<1 over warm-up", RAMP, "the plan has no warm-up, only ramp, steady and ramp-"),
            ("p(95)<1 over ramp", CONSTANT, "no ramp, only steady: ask over steady, or give it a"),
            (
                "p(95)<1 over steady",
                RampingVUs(0, (Stage(S, 5), Stage(S, 0))),
                "no steady, only ramp and ramp-down: .* hold a target for a stage of its own",
            ),
        ],
    )
    def test_a_phase_that_the_plan_does_not_have_is_refused_before_any_load(
        self, expression: str, executor, sentence: str
    ) -> None:
        with pytest.raises(PlanError, match=sentence):
            Judge(plan(("http_req_duration", expression), executor=executor), ALL_METRICS)

    def test_a_selectors_scenario_must_have_it(self) -> None:
        both = (ScenarioPlan("a", RAMP), ScenarioPlan("b", CONSTANT))
        made = plan(("http_req_duration{scenario:b}", "p(95)<1 over ramp"), scenarios=both)
        with pytest.raises(PlanError, match="scenario 'b' has no ramp, only steady"):
            Judge(made, ALL_METRICS)

    def test_a_phase_is_named_once(self) -> None:
        with pytest.raises(PlanError, match="named twice: leave out 'over steady' or the tag"):
            Judge(plan(("http_reqs{phase:steady}", "count>1 over steady")), ALL_METRICS)


class TestSamples:
    def test_a_slow_warm_up_is_absent_from_steady_and_from_what_names_no_phase(self) -> None:
        for expression in ("p(99)<100 over steady", "p(99)<100", "max<100"):
            made = plan(("http_req_duration", expression), executor=CONSTANT, warm_s=5)
            result = judged(warmed_up(), made)
            assert (result.state, result.value) == (CriterionState.PASSED, 5.0)

    def test_it_can_be_asked_for(self) -> None:
        for selector, expression in (
            ("http_req_duration", "min<100 over warm-up"),
            ("http_req_duration{phase:warm-up}", "min<100"),
        ):
            result = judged(warmed_up(), plan((selector, expression), executor=CONSTANT, warm_s=5))
            assert (result.state, result.value) == (CriterionState.FAILED, 500.0)

    @pytest.mark.parametrize(
        ("selector", "expression", "per_s"),
        [
            ("http_reqs", "rate>1 over steady", 30 / 15),
            ("http_reqs{phase:steady}", "rate>1", 30 / 15),
            ("http_reqs", "rate>1 over warm-up", 10 / 5),
            ("http_reqs", "rate>1", 30 / 15),
        ],
    )
    def test_a_rate_is_events_in_the_window_by_the_window(self, selector, expression, per_s):
        made = plan((selector, expression), executor=CONSTANT, warm_s=5)
        assert judged(warmed_up(), made).value == per_s

    def test_without_phases_over_steady_is_everything(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=20 * S).add("http_reqs", *[1.0] * 40)
        result = judged(snapshot, plan(("http_reqs", "rate>1 over steady"), executor=CONSTANT))
        assert (result.value, result.over) == (2.0, "steady")

    def test_a_scenarios_own_tag_is_no_phase_where_there_is_one_phase(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=20 * S).add("http_reqs", *[1.0] * 40, phase="steady")
        made = plan(("http_reqs{phase:steady}", "rate>1"), executor=ConstantVUs(5, 10 * S))
        assert judged(snapshot, made).value == 2.0

    def test_no_iteration_began_in_it(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=35 * S).add("http_reqs", 1.0, phase="ramp")
        result = judged(snapshot, plan(("http_reqs", "count>0 over steady")))
        assert result.state is CriterionState.NO_DATA
        assert "no iteration that began in steady recorded one" in result.reason

    def test_a_misspelt_tag_is_still_named(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=35 * S)
        snapshot.add("http_reqs", 1.0, phase="steady", name="login")
        result = judged(snapshot, plan(("http_reqs{name:lgoin}", "count>0 over steady")))
        assert "the nearest is name:login" in result.reason

    def test_only_the_warm_up_had_samples(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=4 * S, uncounted_phase="warm-up")
        snapshot.add("http_reqs", 1.0, phase="warm-up")
        result = judged(snapshot, plan(("http_reqs", "count>0"), executor=CONSTANT, warm_s=5))
        assert result.state is CriterionState.NO_DATA
        assert result.reason == "http_reqs has only samples of the warm-up, which does not count."

    def test_what_was_folded_in_the_warm_up_does_not_hide_what_counts(self) -> None:
        snapshot = warmed_up().add("http_reqs", 1.0, name="(other)", phase="warm-up")
        made = plan(("http_reqs{name:x}", "count>0"), executor=CONSTANT, warm_s=5)
        assert "(other)" not in judged(snapshot, made).reason


class TestStretches:
    def run(self, *failed_per_second: int, **tags: str) -> ExactSnapshot:
        snapshot = ExactSnapshot(elapsed_ns=len(failed_per_second) * S, uncounted_phase="warm-up")
        for number, failed in enumerate(failed_per_second):
            phase = "warm-up" if number < 5 else "steady"
            outcomes = [1.0] * failed + [0.0] * (10 - failed)
            for whole in (snapshot.second(number), snapshot):
                whole.add("http_req_failed", *outcomes, phase=phase, **tags)
                whole.add("http_reqs", *[1.0] * 10, phase=phase, **tags)
        return snapshot

    def test_only_those_wholly_inside_the_phase(self) -> None:
        snapshot = self.run(9, 9, 9, 9, 9, 1, 2, 1, 1, 1)
        for expression in ("rate<0.3 in any 2s over steady", "rate<0.3 in any 2s"):
            made = plan(("http_req_failed", expression), executor=CONSTANT, warm_s=5)
            assert judged(snapshot, made).value == pytest.approx(0.15)

    def test_a_failure_names_its_seconds(self) -> None:
        snapshot = self.run(9, 9, 9, 9, 9, 1, 2, 8, 1, 1)
        made = plan(
            ("http_req_failed", "rate<0.4 in any 2s over steady"), executor=CONSTANT, warm_s=5
        )
        result = judged(snapshot, made)
        assert result.state is CriterionState.FAILED
        assert "in seconds 6 to 8, which breaks the limit < 0.4" in result.reason

    def test_a_counter_counts_what_happened_in_them_whenever_its_iteration_began(self) -> None:
        snapshot = self.run(*[0] * 10)
        snapshot.second(5).add("http_reqs", *[1.0] * 20, phase="warm-up")  # they took their time
        made = plan(("http_reqs", "count<35 in any 2s over steady"), executor=CONSTANT, warm_s=5)
        assert judged(snapshot, made).value == 40.0

    def test_no_counter_is_asked_of_seconds_that_are_partly_warm_up(self) -> None:
        snapshot = ExactSnapshot(elapsed_ns=9 * S, uncounted_phase="warm-up")
        for number in range(9):
            requests = [1.0] * (1 if number < 5 else 10)
            snapshot.second(number).add("http_reqs", *requests, phase="any")
        for expression in ("count>15 in any 2s", "count>15 in any 2s over steady"):
            made = plan(("http_reqs", expression), executor=CONSTANT, warm_s=5)
            assert judged(snapshot, made).value == 20.0

    def test_none_after_the_load_was_stopped(self) -> None:
        snapshot = self.run(*[0] * 8, 9, 9)
        snapshot.offered_ns = 8 * S
        made = plan(
            ("http_req_failed", "rate<0.4 in any 2s over steady"), executor=CONSTANT, warm_s=5
        )
        assert judged(snapshot, made).value == 0.0

    def test_a_phase_shorter_than_one(self) -> None:
        made = plan(
            ("http_req_failed", "rate<1 in any 30s over steady"), executor=CONSTANT, warm_s=5
        )
        result = judged(self.run(*[0] * 20), made)
        assert result.state is CriterionState.NO_DATA
        assert "steady measured 15 whole seconds, fewer than the 30" in result.reason


class TestShorterThanOrdered:
    def cut(self, limit: str, offered_s: float = 8.0) -> ThresholdResult:
        snapshot = warmed_up()
        snapshot.offered_ns = round(offered_s * S)
        made = plan(("http_reqs", limit), executor=CONSTANT, warm_s=5)
        return judged(snapshot, made)

    def test_what_holds_for_a_part_is_said_and_no_proof(self) -> None:
        result = self.cut("rate>1 over steady")
        assert (result.over, result.over_s, result.ordered_s) == ("steady", 3.0, 15.0)
        (sentence,) = shortened_phases([result])
        assert "ended when steady had lasted 3.00s of the 15s that the plan orders" in sentence

    def test_what_fails_says_over_how_much(self) -> None:
        result = self.cut("rate>100 over steady")
        assert "was 10/s over 3.00s of steady (15s ordered)" in result.reason
        assert not list(shortened_phases([result]))

    def test_an_end_within_the_warm_up(self) -> None:
        assert self.cut("rate>1 over steady", offered_s=4).state is CriterionState.NO_DATA

    def test_a_load_that_came_to_its_end_is_as_long_as_ordered(self) -> None:
        result = judged(warmed_up(), plan(("http_reqs", "rate>1"), executor=CONSTANT, warm_s=5))
        assert (result.over, result.over_s, result.ordered_s) == ("", None, None)
        assert not list(shortened_phases([self.cut("rate>1 over steady", offered_s=20)]))


def test_the_summary_tells_the_phases_and_which_each_window_was_in() -> None:
    snapshot = warmed_up()
    snapshot.window_list = tuple(
        Window(second, 5, 1, 0, 1, 0, 0, 1, 1, 5.0, 5.0, 5.0, 1.0, 0.1) for second in (3, 4, 5, 20)
    )
    made = plan(("http_reqs", "rate>1 over steady"), executor=CONSTANT, warm_s=5)
    summary = summarize(
        made,
        snapshot,
        Decision(Verdict.PASS, (), ExitCode.PASS),
        Judge(made, ALL_METRICS).evaluate(snapshot),
        started_at="2026-01-01T00:00:00Z",
        facts=FACTS,
        plan_plain={},
    )
    assert summary.phases == (
        PhaseSummary("api", "warm-up", 0.0, 5.0, 5.0, counted=False),
        PhaseSummary("api", "steady", 5.0, 20.0, 15.0),
    )
    assert [window.phases for window in summary.windows] == [
        ("warm-up",),
        ("warm-up",),
        ("steady",),
        (),
    ]
    assert summary.measured_s == 15.0
    assert summary.metrics["http_reqs"].values == {"count": 30.0, "rate": 2.0}
    assert summary.metrics["http_reqs{phase:steady}"].values == {"count": 30.0, "rate": 2.0}
    assert summary.metrics["http_req_duration"].values["max"] == 5.0


def test_the_grammar_in_the_docs_is_the_one_that_is_read() -> None:
    text = (Path(__file__).parents[2] / "docs/thresholds.md").read_text()
    assert "phase       = " + " | ".join(f'"{phase}"' for phase in LoadPhase) in text
