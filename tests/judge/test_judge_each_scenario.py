"""A busy scenario does not speak for a rare one of which nothing was shown."""

from __future__ import annotations

import pytest

from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import Decision, decide
from atlas_perf.model.batch import Ledger
from atlas_perf.model.verdict import Verdict
from tests.judge.exact_snapshot import ExactSnapshot, worker
from tests.judge.plans import ALL_METRICS, plan_with

BUSY = Ledger(5000, 5000, 0, 5000, 0, 0)
RARE = Ledger(5, 5, 0, 5, 0, 0)


def _run(rare: Ledger = RARE) -> ExactSnapshot:
    """5,000 good requests of `browse`; those of `login` are the test's."""
    snapshot = ExactSnapshot(worker_list=(worker(),), ledgers={"browse": BUSY, "login": rare})
    _add(snapshot, 5000, scenario="browse")
    return snapshot


def _add(snapshot: ExactSnapshot, number: int, *, failed: int = 0, **tags: str) -> None:
    tags = {"method": "GET", "name": f"/{tags['scenario']}", **tags}
    snapshot.add("http_reqs", *[1.0] * number, **tags)
    snapshot.add("http_req_failed", *[1.0] * failed, *[0.0] * (number - failed), **tags)


def _decided(
    snapshot: ExactSnapshot, *thresholds, interrupted: bool = False, **changes
) -> Decision:
    plan = plan_with(*thresholds, **{"default_gates": True, **changes})
    results = Judge(plan, ALL_METRICS).evaluate(snapshot)
    return decide(results, snapshot, invalid=[], interrupted=interrupted)


def test_a_rare_scenario_of_which_some_succeeded_passes():
    snapshot = _run()
    _add(snapshot, 5, failed=4, scenario="login")
    assert _decided(snapshot).verdict is Verdict.PASS


@pytest.mark.parametrize("number", [1, 5])
def test_a_rare_scenario_whose_requests_all_failed_fails_the_run(number):
    snapshot = _run()
    _add(snapshot, number, failed=number, scenario="login")
    decision = _decided(snapshot)
    assert decision.verdict is Verdict.FAIL
    assert decision.reasons[0].startswith(f"All {number} requests of scenario login failed; ")
    assert "Look at GET /login" in decision.reasons[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"default_gates": False},
        {"thresholds": (("http_req_failed", "rate<0.5"),)},
        {"interrupted": True},
    ],
)
def test_whoever_judges_failures_otherwise_is_not_held_to_it(changes):
    snapshot = _run()
    _add(snapshot, 5, failed=5, scenario="login")
    thresholds = (("http_reqs", "count>0"), *changes.pop("thresholds", ()))
    decision = _decided(snapshot, *thresholds, **changes)
    assert not any("scenario login" in reason for reason in decision.reasons)


def test_checks_of_which_none_held_fail_it_too():
    snapshot = _run()
    snapshot.add("checks", *[1.0] * 4000, scenario="browse", check="status is 200")
    snapshot.add("checks", 0.0, 0.0, scenario="login", check="token is there")
    decision = _decided(snapshot)
    assert decision.verdict is Verdict.FAIL
    assert decision.reasons[0].startswith("All 2 checks of scenario login failed; ")
    assert "'token is there'" in decision.reasons[0]


@pytest.mark.parametrize(
    ("rare", "verdict"),
    [
        (Ledger(5, 5, 0, 0, 0, 5), Verdict.NO_DATA),
        (Ledger(), Verdict.NO_DATA),
        (Ledger(5, 5, 0, 0, 5, 0), Verdict.FAIL),
        (Ledger(5, 5, 0, 1, 0, 4), Verdict.PASS),
    ],
)
def test_each_scenario_needs_an_iteration_that_completed(rare, verdict):
    snapshot = _run(rare)
    snapshot.add("iteration_failed", *[0.0] * 5000, scenario="browse")
    snapshot.add("iteration_failed", *[1.0] * rare.failed, scenario="login")
    decision = _decided(snapshot)
    assert decision.verdict is verdict
    assert ("No iteration of scenario login completed." in decision.reasons) == (
        verdict is not Verdict.PASS
    )


def test_what_was_cut_off_of_a_rare_scenario_is_not_made_up_for_by_others():
    snapshot = _run()
    _add(snapshot, 60, scenario="login")
    snapshot.add("http_reqs_censored", *[1.0] * 3, scenario="login")
    decision = _decided(snapshot)
    assert decision.verdict is Verdict.NO_DATA
    assert decision.reasons[0].startswith("3 of 63 requests of scenario login (4.8 %) were cut off")
    for selector in ("http_reqs_censored", "http_reqs_censored{scenario:login}"):
        assert _decided(snapshot, (selector, "count<10")).verdict is Verdict.PASS
    other = ("http_reqs_censored{scenario:browse}", "count<10")
    assert _decided(snapshot, other).verdict is Verdict.NO_DATA
