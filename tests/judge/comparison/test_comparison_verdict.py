"""Verdicts on simulated runs: how often they are wrong, and what is said of each."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from simulated_runs import simulated_run

from atlas_perf.errors import ExitCode
from atlas_perf.judge.comparison.compare import compare
from atlas_perf.model.comparison import RATE, Comparison, Finding, Quantity, Terms
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.model.verdict import Verdict

P95 = Quantity("http_req_duration", "p(95)")
FAILED = Quantity("http_req_failed", RATE)
COMPARISONS = 200


def pairs(
    seed: int, k: int = 5, *, shift: float = 1.0, terms: Terms | None = None, **sides: float
) -> Comparison:
    random = Random(seed)
    bases, candidates = [], []
    for _ in range(k):
        bases.append(simulated_run(random, **sides))
        candidates.append(simulated_run(random, shift=shift, **sides))
    return compare(bases, candidates, terms or Terms())


def within_binomial(found: int, number: int, p: float) -> bool:
    """Not outside what chance gives in 999 of 1000 cases, on either side."""
    mass = [math.comb(number, n) * p**n * (1 - p) ** (number - n) for n in range(number + 1)]
    return sum(mass[found:]) > 0.0005 and sum(mass[: found + 1]) > 0.0005


def test_false_alarms_and_false_passes_are_as_rare_as_stated() -> None:
    """At the margin itself both are wrong, and each may be in 5 % of comparisons."""
    terms = Terms(primary=(P95,))
    found = [pairs(seed, shift=1.05, terms=terms, per_s=4).verdict for seed in range(COMPARISONS)]
    assert within_binomial(found.count(Verdict.FAIL), COMPARISONS, 0.05), found.count(Verdict.FAIL)
    assert within_binomial(found.count(Verdict.PASS), COMPARISONS, 0.05), found.count(Verdict.PASS)


def test_bursts_of_failures_of_one_build_are_no_regression() -> None:
    terms = Terms(primary=(FAILED,), error_margin=0.0)
    found = [
        pairs(seed, terms=terms, per_s=4, latencies=False).verdict for seed in range(COMPARISONS)
    ]
    alarms = found.count(Verdict.FAIL)
    assert alarms <= COMPARISONS * 0.05 or within_binomial(alarms, COMPARISONS, 0.05), alarms


def test_a_build_that_is_much_slower_fails_with_figures() -> None:
    found = pairs(1, shift=1.4)
    assert found.verdict is Verdict.FAIL
    assert found.exit_code is ExitCode.FAIL
    row = found.metrics[0]
    assert (row.selector, row.statistic, row.primary) == ("http_req_duration", "p(95)", True)
    assert row.finding is Finding.REGRESSED
    assert row.lower is not None
    assert row.change is not None
    assert 0.05 < row.lower < row.change < 0.6
    assert "the margin is +5.0 %" in found.reasons[0]


def test_a_build_that_is_the_same_passes_where_runs_hardly_differ() -> None:
    found = pairs(2, run_sd=0.005, failing=0.0, per_s=60)
    assert found.verdict is Verdict.PASS
    assert found.exit_code is ExitCode.PASS
    assert [row.finding for row in found.metrics if row.primary] == [Finding.NON_INFERIOR] * 2


@pytest.mark.parametrize(
    ("required", "exit_code"), [(False, ExitCode.PASS), (True, ExitCode.INCONCLUSIVE)]
)
def test_where_runs_differ_much_nothing_is_shown_and_more_pairs_are_named(
    required: bool, exit_code: ExitCode
) -> None:
    terms = Terms(primary=(P95,), require_non_inferiority=required)
    found = pairs(3, k=3, run_sd=0.08, terms=terms)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.exit_code is exit_code
    more = found.metrics[0].pairs_to_decide
    assert more is None or more > 3
    assert "pairs would" in found.reasons[0]


def test_one_run_per_side_only_advises_however_bad_it_looks() -> None:
    found = pairs(4, k=1, shift=2.0, failing=0.0)
    assert found.advisory
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.metrics[0].finding is Finding.REGRESSED
    assert found.reasons[0].startswith("One run per side can only advise")
    assert "looks worse" in found.reasons[1]


def test_metrics_that_are_not_primary_are_listed_and_never_gate() -> None:
    found = pairs(5, shift=3.0, failing=0.0, terms=Terms(primary=(FAILED,)))
    assert found.verdict is Verdict.PASS
    (other,) = (row for row in found.metrics if not row.primary)
    assert other.stands_out
    assert other.finding is Finding.REGRESSED


def test_where_nothing_succeeded_the_missing_times_are_no_data() -> None:
    """Two builds that answer nothing are alike, and neither is a release."""
    dead = RunSketches("", (60,), rates=(KeptRate("http_req_failed", ((20_000, 20_000),)),))
    found = compare([dead] * 3, [dead] * 3, Terms())
    assert found.verdict is Verdict.NO_DATA
    assert found.exit_code is ExitCode.NO_DATA
    assert found.reasons[0].startswith("http_req_duration p(95) cannot be compared")


def test_runs_that_measured_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing that could be compared"):
        compare([RunSketches("", ())] * 3, [RunSketches("", ())] * 3, Terms())


def test_few_failures_are_not_proof_of_none() -> None:
    """None of 100 requests failed on either side: a share of 1 % may well be hidden in that."""
    terms = Terms(primary=(FAILED,))
    few = RunSketches("", (60,), rates=(KeptRate("http_req_failed", ((0, 20),)),))
    found = compare([few] * 3, [few] * 3, terms)
    assert found.verdict is Verdict.INCONCLUSIVE
    many = RunSketches("", (60,), rates=(KeptRate("http_req_failed", ((0, 20_000),)),))
    assert compare([many] * 3, [many] * 3, terms).verdict is Verdict.PASS


def test_checks_count_by_those_that_were_not_met() -> None:
    good = RunSketches("", (60,), rates=(KeptRate("checks", ((9_990, 10_000),)),))
    bad = RunSketches("", (60,), rates=(KeptRate("checks", ((9_000, 10_000),)),))
    terms = Terms(primary=(Quantity("checks", RATE),))
    assert compare([good] * 3, [bad] * 3, terms).verdict is Verdict.FAIL
    assert compare([bad] * 3, [good] * 3, terms).verdict is Verdict.PASS


def censored(run: RunSketches, number: int) -> RunSketches:
    return replace(run, trends=tuple(replace(one, censored=number) for one in run.trends))


def test_too_few_samples_and_too_many_cut_off_are_no_data() -> None:
    random = Random(6)
    runs = [simulated_run(random, failing=0.0) for _ in range(6)]
    p999 = Terms(primary=(Quantity("http_req_duration", "p(99.9)"),))
    found = compare(runs[:3], runs[3:], p999)
    assert found.verdict is Verdict.NO_DATA
    assert "3,600 samples in a run, and it takes 20,000" in found.reasons[0]
    cut = compare(runs[:3], [*runs[3:5], censored(runs[5], 100)], Terms(primary=(P95,)))
    assert cut.verdict is Verdict.NO_DATA
    assert "cut off in flight" in cut.reasons[0]
    assert (
        compare(runs[:3], [*runs[3:5], censored(runs[5], 5)], Terms(primary=(P95,))).verdict
        is not Verdict.NO_DATA
    )


def test_what_only_one_side_has_is_no_data() -> None:
    random = Random(7)
    runs = [simulated_run(random) for _ in range(6)]
    without = [replace(run, trends=()) for run in runs[3:]]
    found = compare(runs[:3], without, Terms())
    assert found.verdict is Verdict.NO_DATA
    assert "not every run has it" in found.reasons[0]


@pytest.mark.parametrize(
    ("primary", "words"),
    [
        ((Quantity("http_req_waiting", "p(95)"),), "no run kept http_req_waiting"),
        ((P95, FAILED) * 3, "at most 5 may gate"),
        ((Quantity("queue_depth", "p(95)"),), "nobody can say"),
    ],
)
def test_a_primary_metric_that_cannot_gate_is_refused(
    primary: tuple[Quantity, ...], words: str
) -> None:
    run = simulated_run(Random(1))
    depth = KeptTrend("queue_depth", Contains.DEFAULT, 0, run.trends[0].windows)
    run = replace(run, trends=(*run.trends, depth))
    with pytest.raises(ValueError, match=words):
        compare([run] * 3, [run] * 3, Terms(primary=primary))


def test_in_an_open_model_requests_count_from_when_they_were_due() -> None:
    run = simulated_run(Random(1))
    late = replace(run.trends[0], selector="http_req_response_time")
    found = compare([replace(run, trends=(*run.trends, late))] * 3, [run] * 3, Terms())
    assert found.metrics[0].selector == "http_req_response_time"
