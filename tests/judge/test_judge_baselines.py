"""Baselines judged by a run: verdicts, minimum samples, bands, margins."""

from __future__ import annotations

import math
import random

import pytest

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.errors import ExitCode, PlanError
from atlas_perf.judge.baselines.bands import (
    quantile_band,
    rank_bounds,
    share_band,
    throughput_band,
)
from atlas_perf.judge.baselines.judging import BaselineJudge, invalidated
from atlas_perf.judge.baselines.reading import baselines_from_text
from atlas_perf.judge.thresholds import Judge
from atlas_perf.judge.verdict import decide
from atlas_perf.model.batch import Batch, CounterDelta, NewSeries
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Series
from atlas_perf.model.snapshot import RateTotal, TrendTotal
from atlas_perf.model.verdict import Verdict
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from tests.judge.exact_snapshot import ExactDistribution, ExactSnapshot
from tests.judge.plans import plan_with


def baselines(metric="http_req_duration", limit="< 500", aggregation="p(95)", **changes):
    keys = {"unit": "ms", "minimum_samples": 100, "scenario": "api", **changes}
    written = "\n".join(
        f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"'
        for key, value in keys.items()
    )
    return baselines_from_text(
        "version = 1\n[[baseline]]\ncomponent = 'API'\nname = 'row'\n"
        f'metric = "{metric}"\naggregation = "{aggregation}"\nlimit = "{limit}"\n{written}\n',
        "b.toml",
    )


def row_of(snapshot, **changes):
    (row,) = BaselineJudge(baselines(**changes), plan_with()).judge(snapshot).report.rows
    return row


def requests(*values_ms):
    return ExactSnapshot().add_ms("http_req_duration", *values_ms, expected_response="true")


@pytest.mark.parametrize(
    ("value_ms", "verdict", "margin"), [(400, Verdict.PASS, 0.2), (600, Verdict.FAIL, -0.2)]
)
def test_a_row_is_held_or_broken(value_ms, verdict, margin):
    row = row_of(requests(*[value_ms] * 100))
    assert row.verdict is verdict
    assert row.margin == pytest.approx(margin)
    assert (row.value, row.low, row.high) == pytest.approx((value_ms,) * 3)


def test_a_lower_limit_has_its_margin_the_other_way_round():
    snapshot = ExactSnapshot().add("http_req_failed", *[1] * 150, *[0] * 50)
    row = row_of(snapshot, metric="http_req_failed", aggregation="rate", limit="> 0.5", unit="")
    assert row.margin == pytest.approx(0.5)


@pytest.mark.parametrize("value_ms", [400, 600])
def test_too_few_samples_show_neither(value_ms):
    row = row_of(requests(*[value_ms] * 99))
    assert row.verdict is Verdict.NO_DATA
    assert row.reason.startswith("99 samples of http_req_duration are too few for p(95)")


def test_no_sample_is_no_data():
    assert row_of(ExactSnapshot()).verdict is Verdict.NO_DATA


RECONNECTING = {"metric": "ws_reconnecting", "limit": "< 3000", "minimum_samples": 0}


def test_what_never_had_to_happen_passes_where_the_row_says_so():
    row = row_of(ExactSnapshot(), **RECONNECTING)
    assert row.verdict is Verdict.PASS
    assert row.value is None
    assert "nothing to time" in row.reason


@pytest.mark.parametrize("outcome", ["false", "unknown"])
def test_what_was_tried_in_vain_does_not_pass(outcome):
    snapshot = ExactSnapshot().add_ms("ws_reconnecting", 10, expected_response=outcome)
    assert row_of(snapshot, **RECONNECTING).verdict in (Verdict.NO_DATA, Verdict.FAIL)


def test_a_phase_that_the_load_has_not_is_no_data():
    row = row_of(requests(*[1] * 100), phase="ramp")
    assert (row.verdict, row.reason) == (Verdict.NO_DATA, "the load has no ramp phase.")
    assert row.limit == 500


def test_a_limit_within_the_band_is_said_aloud():
    values = [*[400] * 960, *[510] * 40]
    row = row_of(requests(*values))
    assert row.verdict is Verdict.PASS
    assert row.low < 500 < row.high
    assert "too close to call" in row.reason


def test_a_unit_that_the_metric_has_not_is_refused():
    with pytest.raises(PlanError, match=r"b.toml, row 1 \(API row\): p\(N\) .* unit = \"ms\""):
        BaselineJudge(baselines(unit="per_s"), plan_with())


@pytest.mark.parametrize("phase", [{}, {"phase": "ramp"}])
def test_an_unknown_metric_is_refused(phase):
    with pytest.raises(PlanError, match=r"b.toml, row 1 \(API row\): baseline"):
        BaselineJudge(baselines(metric="http_req_duratoin", **phase), plan_with())


@pytest.mark.parametrize(
    ("value_ms", "invalid", "verdict", "exit_code"),
    [
        (400, (), Verdict.PASS, ExitCode.PASS),
        (600, (), Verdict.FAIL, ExitCode.FAIL),
        (600, ("The clock broke.",), Verdict.INVALID, ExitCode.INVALID),
    ],
)
def test_rows_are_part_of_the_verdict(value_ms, invalid, verdict, exit_code):
    snapshot = requests(*[value_ms] * 100).add("http_req_failed", *[0] * 100)
    rows = BaselineJudge(baselines(), plan_with()).judge(snapshot).report.rows

    gates = Judge(plan_with(("http_req_failed", "rate<0.01")), snapshot.metrics())
    decision = decide(
        gates.evaluate(snapshot), snapshot, invalid=invalid, interrupted=False, baselines=rows
    )
    assert (decision.verdict, decision.exit_code) == (verdict, exit_code)


def test_rows_that_do_not_count_are_no_thresholds_either():
    judge = BaselineJudge(baselines(), plan_with(), counted=False, note="so")
    judged = judge.judge(requests(*[600] * 100))
    assert (judged.report.counted, judged.report.note, judged.as_thresholds) == (False, "so", ())


def test_an_invalid_run_proves_no_row():
    report = BaselineJudge(baselines(), plan_with()).judge(requests(*[400] * 100)).report
    (row,) = invalidated(report).rows
    assert (row.verdict, row.value) == (Verdict.INVALID, 400)


@pytest.mark.parametrize(("count", "q"), [(100, 0.95), (400, 0.99), (72, 0.95), (5000, 0.95)])
def test_the_ranks_of_a_band_are_the_binomials(count, q):
    low, high = rank_bounds(count, q)

    def below(rank):  # P(B < rank), summed whole
        return sum(
            math.comb(count, k) * q**k * (1 - q) ** (count - k) if count < 1000 else 0.0
            for k in range(rank)
        )

    assert low < q * count < high <= count + 1
    if count < 1000:
        assert below(low) <= 0.025 < below(low + 1)
        assert high == count + 1 or below(high) >= 0.975 > below(high - 1)


def test_a_percentile_has_an_upper_end_only_with_enough_samples():
    assert rank_bounds(71, 0.95)[1] == 72
    assert rank_bounds(72, 0.95)[1] == 72
    assert rank_bounds(1, 0.95) == (0, 2)


def test_the_band_holds_the_true_percentile_as_often_as_it_says():
    draw, held = random.Random(1), 0
    for _ in range(400):
        sketch = Sketch()
        for _ in range(300):
            sketch.add(draw.expovariate(1) * 1e6)
        band = quantile_band(TrendTotal(sketch), 95)
        held += band.low <= -math.log(0.05) * 1e6 <= band.high
    assert held >= 0.95 * 400 - 2 * math.sqrt(400 * 0.95 * 0.05)


def test_the_sketchs_error_widens_the_band():
    exact = quantile_band(TrendTotal(ExactDistribution((100.0,) * 200)), 95)
    wide = quantile_band(TrendTotal(ExactDistribution((100.0,) * 200, 0.01)), 95)
    assert (exact.low, exact.high) == (100, 100)
    assert (wide.low, wide.high) == pytest.approx((100 / 1.01, 100 / 0.99))


@pytest.mark.parametrize("passes_all", [False, True])
def test_the_band_of_none_and_of_all_reaches_the_share_whatever_is_rounded(
    passes_all: bool,
) -> None:
    for samples in range(1, 3000):
        share = float(passes_all)
        band = share_band(RateTotal(samples * passes_all, samples), ())
        assert band.low <= share <= band.high, samples


def test_a_share_has_wilsons_interval():
    band = share_band(RateTotal(1, 100), ())
    assert (band.low, band.high) == pytest.approx((0.00177, 0.05449), abs=1e-5)


def test_failures_that_come_together_widen_it():
    even = [RateTotal(10, 1000)] * 6
    burst = [RateTotal(60, 1000), *[RateTotal(0, 1000)] * 5]
    whole = RateTotal(60, 6000)
    assert share_band(whole, even) == share_band(whole, ())
    assert share_band(whole, burst).high > 2 * share_band(whole, even).high


def test_what_was_cut_off_may_be_of_either_kind():
    band = share_band(RateTotal(0, 100, beyond=100), ())
    assert band.low == 0
    assert band.high > 0.5


def test_a_throughput_has_students_interval_of_its_parts():
    band = throughput_band(90, (99, 101, 100, 98, 102, 100))
    half = 2.570582 * math.sqrt(2 / 6)
    assert (band.low, band.high) == pytest.approx((90 - half, 90 + half))
    assert throughput_band(100, (100,) * 5).low is None


def test_a_rows_throughput_has_the_band_of_its_parts_a_second():
    per_s = (9, 11, 10, 8, 12, 10)
    aggregator = Aggregator([], 1)
    definition = NewSeries(0, BUILTIN_METRICS["http_reqs"], Series("http_reqs"))
    for second in range(12):
        count = per_s[second // 2]
        deltas = (CounterDelta(0, count, float(count)),)
        aggregator.merge(Batch(0, second, second, () if second else (definition,), deltas))
    aggregator.mark_stopped(12 * NS_PER_S)
    aggregator.finish()
    row = row_of(aggregator, metric="http_reqs", aggregation="rate", limit="> 5", unit="per_s")
    band = throughput_band(10, per_s)
    assert (row.value, row.low, row.high) == pytest.approx((10, band.low, band.high))
