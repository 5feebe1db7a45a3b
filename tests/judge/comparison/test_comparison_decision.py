"""The rule on numbers that can be checked by hand or against tables."""

from __future__ import annotations

import math
from random import Random

import pytest

from atlas_perf.judge.comparison.decision import (
    Difference,
    benjamini_hochberg,
    holm,
    paired,
    pairs_to_decide,
    unpaired,
)
from atlas_perf.judge.comparison.log_quantile import log_quantile
from atlas_perf.judge.comparison.student_t import t_above, t_quantile
from atlas_perf.sketch.ddsketch import Sketch


@pytest.mark.parametrize(
    ("p", "df", "value"),  # printed tables of Student's distribution
    [
        (0.95, 1, 6.3138),
        (0.95, 2, 2.9200),
        (0.95, 4, 2.1318),
        (0.975, 5, 2.5706),
        (0.99, 9, 2.8214),
        (0.80, 4, 0.9410),
        (0.95, 120, 1.6577),
        (0.9995, 3, 12.924),
    ],
)
def test_quantiles_of_t_are_those_of_the_tables(p: float, df: int, value: float) -> None:
    assert t_quantile(p, df) == pytest.approx(value, rel=5e-5)
    assert t_quantile(1 - p, df) == pytest.approx(-value, rel=5e-5)
    assert t_above(value, df) == pytest.approx(1 - p, rel=1e-3)


def test_probabilities_of_one_degree_are_the_arctangent() -> None:
    for t in (-30.0, -1.0, 0.0, 0.1, 2.0, 500.0):
        assert t_above(t, 1) == pytest.approx(0.5 - math.atan(t) / math.pi, rel=1e-9)
    assert t_above(math.inf, 3) == 0
    assert t_above(-math.inf, 3) == 1


def test_pairs_are_judged_by_the_deviation_of_their_differences() -> None:
    found = paired([0.10, 0.12, 0.14])
    assert found.mean == pytest.approx(0.12)
    assert found.deviation == pytest.approx(0.02)
    assert found.se == pytest.approx(0.02 / math.sqrt(3))
    assert found.df == 2
    assert found.lower(0.05) == pytest.approx(0.12 - 2.92 * found.se, rel=1e-4)
    assert found.upper(0.05) == pytest.approx(0.12 + 2.92 * found.se, rel=1e-4)
    assert found.p_regressed(0.05) + found.p_non_inferior(0.05) == pytest.approx(1)
    assert found.p_regressed(0.05) < 0.05 < found.p_regressed(0.11)


def test_equal_differences_are_beyond_all_doubt_and_the_margin_itself_is_not() -> None:
    same = paired([0.25, 0.25, 0.25])
    assert same.p_regressed(0.1) == 0
    assert same.p_regressed(0.3) == 1
    assert same.p_regressed(0.25) == 0.5


def test_one_run_per_side_has_its_windows_and_the_deviation_of_runs() -> None:
    found = unpaired([1.0, 1.1, 1.2], [1.3, 1.4, 1.5], run_sd=0.03)
    assert found.mean == pytest.approx(0.3)
    assert found.se == pytest.approx(math.sqrt(2 * 0.01 / 3 + 2 * 0.03**2))
    assert found.df == 2


def test_pairs_that_would_decide_are_those_of_the_power_formula() -> None:
    wide = Difference(0.0, 0.0636 / math.sqrt(5), 4, 0.0636)
    found = pairs_to_decide(wide, math.log(1.05), 0.05)
    assert found is not None
    for k, enough in ((found, True), (found - 1, False)):
        reach = (t_quantile(0.95, k - 1) + t_quantile(0.8, k - 1)) * 0.0636 / math.sqrt(k)
        assert (reach <= math.log(1.05)) is enough
    assert pairs_to_decide(Difference(0.05, 0.1, 4, 0.2), 0.0501, 0.05) is None


def test_holm_lets_the_smallest_fall_first_and_stops_at_the_first_that_stands() -> None:
    assert holm([0.04, 0.01, 0.03], 0.05) == [False, True, False]
    assert holm([0.04, 0.01, 0.02], 0.05) == [True, True, True]
    assert holm([0.04], 0.05) == [True]
    assert holm([], 0.05) == []


def test_benjamini_hochberg_takes_all_up_to_the_last_below_its_line() -> None:
    assert benjamini_hochberg([0.04, 0.01, 0.9, 0.036], 0.05) == [False, True, False, False]
    assert benjamini_hochberg([0.02, 0.025, 0.9, 0.01], 0.05) == [True, True, False, True]


def test_a_quantile_is_interpolated_inside_its_bin() -> None:
    random = Random(7)
    values = sorted(math.exp(random.gauss(16, 0.5)) for _ in range(20_000))
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    errors = []
    for percent in range(5, 99):
        rank = percent / 100 * (len(values) - 1)
        truth = math.log(values[round(rank)])
        found = log_quantile(sketch, percent / 100)
        assert found is not None
        errors.append(abs(found - truth))
    assert max(errors) < 0.005  # a bin is 0.02 wide: its middle is off by up to 0.01


def test_a_shift_far_smaller_than_a_bin_is_seen() -> None:
    random = Random(8)
    values = [math.exp(random.gauss(16, 0.5)) for _ in range(20_000)]
    one, other = Sketch(), Sketch()
    for value in values:
        one.add(value)
        other.add(value * 1.007)
    left, right = log_quantile(one, 0.95), log_quantile(other, 0.95)
    assert left is not None
    assert right is not None
    assert right - left == pytest.approx(math.log(1.007), abs=0.003)


def test_a_quantile_stays_within_what_was_measured_and_zero_has_no_logarithm() -> None:
    sketch = Sketch()
    sketch.add(5.0, 3)
    assert log_quantile(sketch, 0.5) == pytest.approx(math.log(5))
    sketch.add(0.0, 10)
    assert log_quantile(sketch, 0.5) is None
    assert log_quantile(Sketch(), 0.5) is None
