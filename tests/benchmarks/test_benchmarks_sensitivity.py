"""What the sensitivity matrix takes for proof, and what not; and one real case of each kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.target.faults.kinds import check_fault
from benchmarks.sensitivity.case import Case, Load, with_controls
from benchmarks.sensitivity.judging import complaints, untried
from benchmarks.sensitivity.matrix import CASES
from benchmarks.sensitivity.outcome import Judged, Outcome, outcome_of
from benchmarks.sensitivity.running import CaseFailed, run_case
from benchmarks.sensitivity.table import BEGIN, END, placed_in, tables

LOAD = Load("api", ("--duration", "2s"))
SLOW = Case(
    LOAD,
    "documented",
    faults=("latency:1s@runs.list",),
    breaks=("http_req_duration p(95)<500",),
    follows=("http_req_duration p(99)<1000",),
    because="a later quantile of the same requests",
)
CONTROL = Case(LOAD, "documented")
STRUCK = {"latency:1s@runs.list": 12}


def outcome(verdict: str = "FAIL", **changed: str) -> Outcome:
    """The slow case as it should come out, but for the states of `p95`, `p99` and `errors`."""
    states = {"p95": "failed", "p99": "failed", "errors": "passed"} | changed
    names = {
        "p95": "http_req_duration p(95)<500",
        "p99": "http_req_duration p(99)<1000",
        "errors": "errors rate<0.01",
    }
    criteria = {
        names[key]: Judged(names[key], state, 1006.0, "ms", default_gate=False)
        for key, state in states.items()
    }
    return Outcome(verdict, ("Because.",), criteria, STRUCK)


def healthy() -> Outcome:
    return outcome("PASS", p95="passed", p99="passed")


def test_a_case_that_breaks_what_it_should_is_right() -> None:
    assert complaints(SLOW, outcome()) == []


def test_what_follows_need_not_break() -> None:
    assert complaints(SLOW, outcome(p99="passed")) == []


def test_what_may_be_undecided_may_have_no_data_and_nothing_more() -> None:
    case = replace(SLOW, undecided=("errors rate<0.01",))
    assert complaints(case, outcome(errors="no_data")) == []
    assert complaints(case, outcome(errors="failed")) == ["errors rate<0.01 is broken too"]


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        (outcome(p95="passed"), "http_req_duration p(95)<500 is not broken"),
        (outcome(errors="failed"), "errors rate<0.01 is broken too"),
        (outcome(errors="no_data"), "errors rate<0.01 has no data"),
        (outcome("INVALID"), "the verdict is INVALID and not FAIL: Because."),
        (
            Outcome("FAIL", (), outcome().criteria, {"latency:1s@runs.list": 0}),
            "latency:1s@runs.list struck nothing",
        ),
        (Outcome("FAIL", (), outcome().criteria, {}), "latency:1s@runs.list struck nothing"),
    ],
)
def test_a_case_that_came_out_otherwise_is_complained_of(seen: Outcome, complaint: str) -> None:
    assert complaints(SLOW, seen) == [complaint]


def test_a_criterion_that_the_run_does_not_have_is_complained_of() -> None:
    criteria = dict(outcome().criteria)
    del criteria["http_req_duration p(99)<1000"]
    assert complaints(SLOW, Outcome("FAIL", (), criteria, STRUCK)) == [
        "the run judges no http_req_duration p(99)<1000"
    ]


def test_a_control_passes_everything() -> None:
    assert complaints(CONTROL, healthy()) == []
    assert complaints(CONTROL, outcome()) == [
        "the verdict is FAIL and not PASS: Because.",
        "http_req_duration p(95)<500 is broken too",
        "http_req_duration p(99)<1000 is broken too",
    ]


def test_a_criterion_that_no_case_breaks_is_told() -> None:
    assert untried({CONTROL: healthy(), SLOW: outcome()}) == [
        "api documented: no case breaks http_req_duration p(99)<1000",
        "api documented: no case breaks errors rate<0.01",
    ]


def test_a_case_of_the_other_contract_tries_nothing_here() -> None:
    elsewhere = Case(LOAD, "deployed", SLOW.faults, SLOW.breaks)
    assert len(untried({CONTROL: healthy(), elsewhere: outcome()})) == 3


def test_each_load_has_a_control_in_each_contract_that_uses_it() -> None:
    elsewhere = Case(LOAD, "deployed", SLOW.faults, SLOW.breaks)
    assert with_controls([SLOW, SLOW, elsewhere])[:-3] == [CONTROL, Case(LOAD, "deployed")]


def test_the_summary_is_read() -> None:
    threshold = {
        "selector": "errors",
        "expression": "rate<0.01",
        "state": "failed",
        "value": 0.02,
        "unit": "",
        "default_gate": False,
    }
    baseline = {
        "component": "API",
        "name": "error rate",
        "selector": "http_req_failed",
        "expression": "rate < 0.01 over steady",
        "verdict": "NO_DATA",
        "value": None,
        "unit": "",
    }
    summary = {
        "verdict": "FAIL",
        "reasons": ["Because."],
        "thresholds": [threshold],
        "baselines": {"rows": [baseline]},
    }
    asked = "http_req_failed rate < 0.01 over steady"
    read = outcome_of(summary, STRUCK)
    assert read.criteria == {
        "errors rate<0.01": Judged("errors rate<0.01", "failed", 0.02, "", default_gate=False),
        "API error rate": Judged(asked, "no_data", None, "", default_gate=False),
    }
    assert (read.verdict, read.reasons, read.struck) == ("FAIL", ("Because.",), STRUCK)
    assert outcome_of({**summary, "baselines": None}, {}).failed == {"errors rate<0.01"}


def test_a_baseline_is_shown_by_its_name_and_what_it_asks() -> None:
    asks = "http_req_failed rate < 0.01 over steady"
    seen = {"API error rate": Judged(asks, "failed", 0.2, "", default_gate=False)}
    case = Case(LOAD, "documented", SLOW.faults, ("API error rate",))
    text = tables({CONTROL: Outcome("PASS", (), seen, {}), case: Outcome("FAIL", (), seen, STRUCK)})
    assert text.splitlines()[-1].startswith(f"| **API error rate** `{asks}` | 20.00 % |")


def test_the_table_says_what_broke_and_what_followed() -> None:
    assert tables({CONTROL: healthy(), SLOW: outcome()}).splitlines()[-1] == (
        "| `http_req_duration p(95)<500` | 1006 ms | `latency:1s@runs.list` | 1006 ms "
        "| `http_req_duration p(99)<1000`: a later quantile of the same requests |"
    )
    assert tables({CONTROL: healthy(), SLOW: outcome(p99="passed")}).endswith("| 1006 ms | |")
    case = replace(SLOW, undecided=("errors rate<0.01",))
    assert tables({CONTROL: healthy(), case: outcome(errors="no_data")}).endswith(
        "| `http_req_duration p(99)<1000`, no data for `errors rate<0.01`: "
        "a later quantile of the same requests |"
    )


def test_the_table_is_put_between_its_marks() -> None:
    page = f"above\n{BEGIN}\nold\n{END}\nbelow\n"
    assert placed_in(page, "new") == f"above\n{BEGIN}\n\nnew\n\n{END}\nbelow\n"
    with pytest.raises(ValueError, match="matrix"):
        placed_in("no marks", "new")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_faults_of_the_matrix_can_be_read(case: Case) -> None:
    assert [check_fault(fault) for fault in case.faults] == list(case.faults)
    assert bool(case.because) == bool(case.follows + case.undecided)


def test_no_case_is_there_twice() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)


def test_a_command_that_is_refused_is_told_with_its_own_words() -> None:
    with pytest.raises(CaseFailed, match=r"exit code 2: .*no-such-kind"):
        run_case(Case(LOAD, "documented", faults=("no-such-kind",)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "smoke documented: healthy",
        "smoke documented: http_req_duration p(95)<1000",
        "smoke documented: errors rate<0.05",
    ],
)
def test_a_real_case_comes_out_as_stated(name: str) -> None:
    (case,) = (case for case in with_controls(CASES) if str(case) == name)
    assert complaints(case, run_case(case)) == []
