"""Statistics of a population of which a part was cut off in flight, against the sorted truth.

The truth is known here: each request that was cut off gets the time it would have taken, anything
from its age to infinity. Whatever it is, the statistic has to lie within the bounds.
"""

from __future__ import annotations

import math
from array import array

import pytest
from exact_snapshot import ExactDistribution, ExactSnapshot
from hypothesis import example, given
from hypothesis import strategies as st
from plans import plan_with

from atlas_perf.judge.aggregations import quantile
from atlas_perf.judge.bounds import Bounds, bounds
from atlas_perf.judge.grammar import parse_aggregation, parse_threshold
from atlas_perf.judge.thresholds import Judge
from atlas_perf.model.metric import BUILTIN_METRICS, Contains
from atlas_perf.model.series import Selector, Series
from atlas_perf.model.snapshot import Censored, TrendTotal
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.sketch.ddsketch import Sketch

STATS = ("avg", "min", "med", "max", "p(0)", "p(50)", "p(90)", "p(99)", "p(99.9)", "p(100)")

times = st.lists(st.integers(1, 1000).map(float), max_size=40)
cut = st.lists(
    st.tuples(st.integers(0, 1000), st.one_of(st.integers(0, 10_000), st.just(math.inf))),
    min_size=1,
    max_size=12,
)


def exact(known: list[float], ages: list[float]) -> TrendTotal:
    return TrendTotal(
        ExactDistribution(tuple(known)),
        Censored(ExactDistribution(tuple(ages)), ExactDistribution((*known, *ages))),
    )


def sketched(known: list[float], ages: list[float]) -> TrendTotal:
    values, censored = Sketch(), Sketch()
    values.add_many(array("d", known))
    censored.add_many(array("d", ages))
    both = values.copy()
    both.merge(censored)
    return TrendTotal(values, Censored(censored, both))


def true_value(values: list[float], stat: str) -> float:
    term = parse_aggregation(stat)
    if stat == "avg":
        return sum(values) / len(values)
    if stat in ("min", "max"):
        return min(values) if stat == "min" else max(values)
    rank = 50.0 if term.percentile is None else term.percentile
    position = rank / 100 * (len(values) - 1)
    low, high = sorted(values)[int(position)], sorted(values)[math.ceil(position)]
    if low == high:
        return low
    return math.inf if high == math.inf else low + (position - int(position)) * (high - low)


def known_bounds(total: TrendTotal, stat: str) -> Bounds:
    found = bounds(total, parse_aggregation(stat), contains=Contains.DEFAULT, elapsed_ns=0)
    assert found is not None
    return found


@given(known=times, cut=cut, stat=st.sampled_from(STATS))
def test_whatever_they_would_have_taken_lies_within_the_bounds(known, cut, stat):
    ages = [float(age) for age, _ in cut]
    found = known_bounds(exact(known, ages), stat)
    truth = true_value([*known, *(age + more for age, more in cut)], stat)
    assert found.low <= truth * (1 + 1e-12)
    assert truth <= found.high * (1 + 1e-12)
    assert math.isclose(found.low, true_value([*known, *ages], stat))  # no lower than it must be
    endless = true_value([*known, *(math.inf for _ in ages)], stat)
    assert found.high == endless or math.isclose(found.high, endless)  # and no higher


@given(known=times, cut=cut, stat=st.sampled_from(STATS))
def test_sketches_bound_it_within_their_accuracy(known, cut, stat):
    ages = [float(age) for age, _ in cut]
    found = known_bounds(sketched(known, ages), stat)
    truth = true_value([*known, *(age + more for age, more in cut)], stat)
    assert found.low * 0.99 <= truth + 1e-9
    assert truth <= found.high * 1.0102 + 1e-9


@given(known=times.filter(bool), cut=cut, percentile=st.integers(0, 100))
@example(known=[1.0, 1.0, 2.0, 2.0], cut=[(3, math.inf)], percentile=42)
def test_it_is_exact_as_long_as_no_age_is_below_the_value(known, cut, percentile):
    """Requests that were cut off when they were older than it already change nothing."""
    ages = [float(age) for age, _ in cut]
    found = known_bounds(exact(known, ages), f"p({percentile})")
    both = ExactDistribution((*known, *ages))
    position = percentile / 100 * (both.count - 1)
    above = sorted((*known, *ages))[math.ceil(position)]
    if min(ages) > above:
        assert found.exact
        assert math.isclose(found.high, found.low)
        assert found.low == pytest.approx(quantile(both, percentile))


def test_an_age_far_below_moves_a_percentile_by_one_rank_and_leaves_it_known():
    found = known_bounds(exact([float(value) for value in range(1, 1001)], [1.0]), "p(95)")
    assert found.low == pytest.approx(950, abs=1)
    assert found.high == pytest.approx(951, abs=1)
    assert not math.isinf(found.high)


def test_a_percentile_that_falls_among_them_has_no_upper_bound():
    total = exact([10.0] * 95, [200.0] * 5)
    assert known_bounds(total, "p(90)") == Bounds(10.0, 10.0)
    assert known_bounds(total, "p(99)") == Bounds(200.0, math.inf)
    assert known_bounds(total, "max") == Bounds(200.0, math.inf)
    assert known_bounds(total, "avg").high == math.inf


@given(
    low=st.integers(0, 20),
    more=st.integers(0, 20),
    limit=st.integers(0, 40),
    sign=st.sampled_from(["<", "<=", ">", ">=", "==", "===", "!="]),
)
def test_a_criterion_holds_only_if_it_does_of_all_that_may_be(low, more, limit, sign):
    high = low + more
    expression = parse_threshold(f"avg{sign}{limit}")
    holds = {expression.holds(value / 2) for value in range(2 * low, 2 * high + 1)}
    expected = {
        frozenset({True}): CriterionState.PASSED,
        frozenset({False}): CriterionState.FAILED,
    }.get(frozenset(holds), CriterionState.NO_DATA)
    assert Bounds(low, high).judge(expression) is expected


def judged(snapshot: ExactSnapshot, selector: str, expression: str) -> ThresholdResult:
    judge = Judge(plan_with((selector, expression), default_gates=False), BUILTIN_METRICS)
    (result,) = judge.evaluate(snapshot)
    return result


def hanging(*, ages_ms: tuple[float, ...] = (200.0,) * 5, **tags: str) -> ExactSnapshot:
    """95 requests of 10 ms, and five that were cut off."""
    snapshot = ExactSnapshot()
    snapshot.add_ms("http_req_duration", *[10.0] * 95, expected_response="true", **tags)
    snapshot.add_ms("http_req_duration", *ages_ms, expected_response="unknown", **tags)
    return snapshot


@pytest.mark.parametrize(
    ("expression", "state", "value", "at_least"),
    [
        ("p(90)<500", CriterionState.PASSED, 10.0, False),
        ("p(99)<500", CriterionState.NO_DATA, 200.0, True),
        ("p(99)<150", CriterionState.FAILED, 200.0, True),
        ("p(99)>150", CriterionState.PASSED, 200.0, True),
        ("max<1000000", CriterionState.NO_DATA, 200.0, True),
        ("avg<1000000", CriterionState.NO_DATA, 19.5, True),
        ("min<11", CriterionState.PASSED, 10.0, False),
    ],
)
def test_a_threshold_is_judged_by_what_is_known(expression, state, value, at_least):
    result = judged(hanging(), "http_req_duration", expression)
    assert (result.state, result.value, result.at_least) == (state, value, at_least)
    if state is CriterionState.FAILED:
        assert "p(99) was at least 200 ms, which breaks the limit < 150 ms" in result.reason
    if state is CriterionState.NO_DATA:
        assert result.reason.startswith("5 of 100 were cut off in flight, the oldest after 200 ms")


def test_where_every_request_hangs_there_is_still_a_bound():
    snapshot = ExactSnapshot().add_ms(
        "http_req_duration", *[1200.0] * 3, expected_response="unknown"
    )
    assert judged(snapshot, "http_req_duration", "p(95)<500").state is CriterionState.FAILED
    assert judged(snapshot, "http_req_duration", "p(95)<5000").state is CriterionState.NO_DATA


@pytest.mark.parametrize(
    ("selector", "state"),
    [
        ("http_req_duration{name:login}", CriterionState.NO_DATA),
        ("http_req_duration{name:login,expected_response:true}", CriterionState.NO_DATA),
        ("http_req_duration{name:login,status:200}", CriterionState.NO_DATA),
        ("http_req_duration{name:login,proto:HTTP/1.1}", CriterionState.NO_DATA),
        ("http_req_duration{name:login,scenario:other}", CriterionState.NO_DATA),
        ("http_req_duration{name:login,expected_response:unknown}", CriterionState.PASSED),
        ("http_req_duration{name:home}", CriterionState.PASSED),
        ("http_req_duration{status:503}", CriterionState.PASSED),
        ("http_req_duration{expected_response:false}", CriterionState.PASSED),
        ("iteration_duration", CriterionState.PASSED),
        ("iteration_duration{scenario:cut}", CriterionState.NO_DATA),
        ("iteration_duration{scenario:cut,expected_response:unknown}", CriterionState.PASSED),
        ("group_duration", CriterionState.NO_DATA),
        ("group_duration{group:::home}", CriterionState.PASSED),
        ("group_duration{group:::login}", CriterionState.NO_DATA),
    ],
)
def test_they_count_for_whatever_they_might_have_become(selector, state):
    known = {"proto": "HTTP/1.1", "status": "200"}
    snapshot = ExactSnapshot()
    for name in ("login", "home"):
        snapshot.add_ms(
            "http_req_duration", *[10.0] * 20, expected_response="true", name=name, **known
        )
    snapshot.add_ms("http_req_duration", 10.0, expected_response="false", status="503")
    snapshot.add_ms("http_req_duration", 99.0, expected_response="unknown", name="login")
    snapshot.add_ms(
        "http_req_duration", 99.0, expected_response="unknown", name="login", scenario="other"
    )
    snapshot.add_ms("iteration_duration", 10.0, scenario="whole")
    snapshot.add_ms("group_duration", 10.0, group="::home")
    snapshot.add_ms("group_duration", 99.0, group="::login", expected_response="unknown")
    if "cut" in selector:
        snapshot.add_ms("iteration_duration", 10.0, scenario="cut")
        snapshot.add_ms("iteration_duration", 99.0, scenario="cut", expected_response="unknown")
    result = judged(snapshot, selector, "max<500")
    assert result.state is state


def test_the_counterpart_of_a_selector_says_nothing_that_is_unknown_in_flight():
    parsed = Selector.parse("http_req_duration{name:a,status:204,tls_version:tls1.3}")
    assert str(parsed.censored()) == "http_req_duration{expected_response:unknown,name:a}"
    assert Selector.parse("http_req_duration{status:404}").censored() is None
    assert Selector.parse("http_req_duration{error_code:1050}").censored() is None
    assert Selector.parse("http_reqs").censored() is None


def test_what_was_interrupted_is_no_duration_and_its_age_is_a_lower_bound():
    snapshot = ExactSnapshot().add_ms("iteration_duration", *[10.0] * 90)
    snapshot.add_ms("iteration_duration", *[400.0] * 10, expected_response="unknown")
    assert judged(snapshot, "iteration_duration", "p(80)<500").state is CriterionState.PASSED
    undecided = judged(snapshot, "iteration_duration", "p(95)<500")
    assert (undecided.state, undecided.value, undecided.at_least) == (
        CriterionState.NO_DATA,
        400.0,
        True,
    )
    assert undecided.reason == (
        "10 of 100 were cut off in flight, the oldest after 400 ms, and how long they would have "
        "taken decides it: a longer gracefulStop would show it."
    )
    assert judged(snapshot, "iteration_duration", "p(95)<300").state is CriterionState.FAILED
    total = snapshot.total(Selector("iteration_duration"))
    assert (total.samples, total.beyond) == (90, 10)


def test_folded_ages_are_not_where_durations_may_hide():
    ages = Series("iteration_duration", (("expected_response", "unknown"), ("name", "(other)")))
    assert not Selector("iteration_duration", (("flow", "buy"),)).may_hide_in(ages)
    assert Selector("iteration_duration", (("flow", "buy"),)).censored().may_hide_in(ages)


class TestStretches:
    def snapshot(self, *, cut_ms: tuple[float, ...]) -> ExactSnapshot:
        """Ten seconds of twenty quick requests each, and what was in flight at the end."""
        snapshot = ExactSnapshot()
        for second in range(10):
            snapshot.second(second).add_ms(
                "http_req_duration", *[10.0] * 20, expected_response="true"
            )
        snapshot.add_ms("http_req_duration", *[10.0] * 200, expected_response="true")
        if cut_ms:  # in the fraction of a second after the last whole one
            for one in (snapshot, snapshot.second(10)):
                one.add_ms("http_req_duration", *cut_ms, expected_response="unknown")
        return snapshot

    @pytest.mark.parametrize(
        ("cut_ms", "expression", "state"),
        [
            ((), "p(95)<500 in any 2s", CriterionState.PASSED),
            ((50.0,), "p(95)<500 in any 2s", CriterionState.PASSED),  # one of forty-one
            ((50.0,) * 5, "p(95)<500 in any 2s", CriterionState.NO_DATA),
            ((50.0,) * 5, "p(95)<500 in any 10s", CriterionState.PASSED),
            ((50.0,) * 5, "p(95)>5 in any 2s", CriterionState.PASSED),
        ],
    )
    def test_what_was_cut_off_counts_in_the_newest(self, cut_ms, expression, state):
        result = judged(self.snapshot(cut_ms=cut_ms), "http_req_duration", expression)
        assert result.state is state

    def test_a_target_that_stopped_answering_is_not_judged_by_its_good_seconds(self):
        snapshot = self.snapshot(cut_ms=(3000.0,) * 4)
        for second in (7, 8, 9):
            snapshot.second(second).data.clear()
        result = judged(snapshot, "http_req_duration", "p(95)<500 in any 2s")
        assert result.state is CriterionState.FAILED
        assert "was at least 3000 ms in seconds 8 to 10" in result.reason
