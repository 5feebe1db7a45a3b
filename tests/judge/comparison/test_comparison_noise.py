"""What runs of one build say about each other."""

from __future__ import annotations

import math
from random import Random
from statistics import NormalDist

import pytest

from atlas_perf.judge.comparison.decision import paired
from atlas_perf.judge.comparison.noise import (
    binomial_interval,
    deviation_factor,
    margin_doubt,
    noise_of,
    smallest_shift,
)
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.model.metric import Contains
from atlas_perf.model.noise import MetricNoise
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.sketch.ddsketch import Sketch

QUANTILES = [NormalDist(0, 0.5).inv_cdf((rank + 0.5) / 800) for rank in range(800)]
DURATION = Quantity("http_req_duration", "p(95)")


def run(scale: float, failed: int = 0) -> RunSketches:
    sketch = Sketch()
    for quantile in QUANTILES:
        sketch.add(2e7 * scale * math.exp(quantile))
    trend = KeptTrend("http_req_duration", Contains.TIME, 0, (sketch.to_bytes(),))
    return RunSketches("steady", (20,), (trend,), (KeptRate("http_req_failed", ((failed, 800),)),))


def noise(*runs: RunSketches, **terms: object):
    return noise_of(runs, Terms(**terms), scenario="shop", facts={"platform": "x"})


def test_the_deviation_between_runs_is_that_of_the_logarithms() -> None:
    drawn = [math.exp(Random(n).gauss(0, 0.08)) for n in range(40)]
    found = noise(*(run(scale) for scale in drawn)).of("http_req_duration", "p(95)")
    assert found is not None
    logs = [math.log(scale) for scale in drawn]
    mean = sum(logs) / len(logs)
    expected = math.sqrt(sum((one - mean) ** 2 for one in logs) / (len(logs) - 1))
    assert found.run_sd == pytest.approx(expected, rel=0.05)
    assert found.level == pytest.approx(
        20 * math.exp(mean) * math.exp(QUANTILES[int(0.95 * 800)]), rel=0.01
    )
    squares = [(right - left) ** 2 for left, right in zip(logs[::2], logs[1::2], strict=True)]
    assert found.pair_sd == pytest.approx(math.sqrt(sum(squares) / len(squares)), rel=0.05)


def test_what_drifts_over_the_session_is_between_runs_and_hardly_between_neighbours() -> None:
    found = noise(*(run(1.02**n) for n in range(20))).of("http_req_duration", "p(95)")
    assert found is not None
    assert found.run_sd is not None
    assert found.pair_sd is not None
    assert found.run_sd > 5 * found.pair_sd


@pytest.mark.parametrize(("pairs", "expected"), [(3, 0.067), (5, 0.039), (10, 0.024)])
def test_the_smallest_shift_is_that_of_the_experiments(pairs: int, expected: float) -> None:
    """Runs that differ by 2 %: the reference's simulations of paired runs, margin 0."""
    shift = smallest_shift(0.02 * math.sqrt(2), pairs, 0.0, 0.05)
    assert shift == pytest.approx(expected, rel=0.06)


def test_a_shift_of_that_size_is_shown_four_times_in_five() -> None:
    random, margin, pairs = Random(3), math.log(1.05), 5
    shift = smallest_shift(0.05, pairs, margin, 0.05)
    shown = sum(
        paired([random.gauss(shift, 0.05) for _ in range(pairs)]).p_regressed(margin) <= 0.05
        for _ in range(2000)
    )
    assert 0.76 < shown / 2000 < 0.86


def test_equal_runs_raise_no_alarm_and_quite_different_ones_do() -> None:
    calm = noise(*(run(1 + n / 1000) for n in range(12))).false_alarms
    assert (calm.comparisons, calm.alarms, calm.naive_alarms) == (2, 0, 0.0)
    assert (calm.labellings, calm.labelled_alarms) == (64, 0.0)
    assert calm.low == 0.0
    assert calm.high == pytest.approx(0.842, abs=0.001)

    # Every second run is far slower: the one who calls these the candidate finds a regression.
    torn = noise(*(run(1.5 + n / 1000 if n % 2 else 1 + n / 1000) for n in range(12))).false_alarms
    assert torn.labelled_alarms > 0
    assert torn.naive_alarms == pytest.approx(36 / 132)


def test_many_runs_are_labelled_by_a_sample() -> None:
    alarms = noise(*(run(1 + n / 1000) for n in range(30))).false_alarms
    assert alarms.comparisons == 5
    assert alarms.labellings == 4096


def test_failures_never_deviate_by_less_than_sampling_alone() -> None:
    found = noise(*(run(1.0) for _ in range(6))).of("http_req_failed", "rate")
    assert found is not None
    assert found.level == 0.0
    assert found.run_sd == pytest.approx(math.sqrt(1 / 802 * 801 / 802 / 802))


def test_too_few_samples_are_said() -> None:
    found = noise(
        *(run(1 + n / 1000) for n in range(6)),
        primary=(Quantity("http_req_duration", "p(99)"),),
    ).metrics[0]
    assert found.run_sd is None
    assert found.note == "800 samples in a run, and it takes 2,000"


def test_a_primary_metric_that_no_run_has_is_said() -> None:
    missing = Quantity("nothing", "p(95)")
    with pytest.raises(ValueError, match="nothing"):
        noise(*(run(1.0) for _ in range(6)), primary=(missing,))


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [(0, 10, (0.0, 0.3085)), (10, 10, (0.6915, 1.0)), (3, 20, (0.0321, 0.3789)), (0, 0, (0, 1))],
)
def test_the_interval_of_a_rate_is_clopper_and_pearsons(
    hits: int, trials: int, expected: tuple[float, float]
) -> None:
    assert binomial_interval(hits, trials, 0.95) == pytest.approx(expected, abs=1e-4)


def test_a_margin_below_the_noise_is_told_with_what_it_takes() -> None:
    known = MetricNoise("http_req_duration", "p(95)", True, True, 20.0, 0.05, 0.07)
    told = margin_doubt(known, 5, 0.05, 0.05)
    assert told == (
        "the margin of 5.0 % is below the noise of http_req_duration p(95): with 5 pairs, four of "
        "five comparisons of equal builds pass only from 10.1 % on"
    )
    assert margin_doubt(known, 5, 0.11, 0.05) == ""
    assert margin_doubt(known, 40, 0.05, 0.05) == ""


@pytest.mark.parametrize(("differences", "expected"), [(3, 2.92), (5, 2.09), (30, 1.27)])
def test_few_differences_may_hide_a_larger_deviation(differences: int, expected: float) -> None:
    """The root of df / chi² at 5 %, from a table."""
    assert deviation_factor(differences) == pytest.approx(expected, rel=0.04)
    runs = [run(1 + n / 1000) for n in range(2 * differences)]
    assert noise(*runs).deviations_up_to == deviation_factor(differences)
