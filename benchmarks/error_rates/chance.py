"""What chance makes of a rate, and what a paired t-test can show: both by scipy, not by ours."""

from __future__ import annotations

import math

from scipy import stats

from benchmarks.error_rates.rules import ALPHA

LEVEL = 0.95


def around(rate: float, number: int) -> tuple[float, float]:
    """Between these shares lie 95 % of the rates that are found in so many comparisons."""
    low, high = stats.binom.interval(LEVEL, number, rate)
    return float(low / number), float(high / number)


def of(found: int, number: int) -> tuple[float, float]:
    """The interval of a rate of which so many were found (Clopper and Pearson)."""
    interval = stats.binomtest(found, number).proportion_ci(LEVEL, method="exact")
    return float(interval.low), float(interval.high)


def power(distance: float, pair_sd: float, k: int) -> float:
    """How often k pairs show a true difference that is so far beyond the margin.

    Args:
        distance: true difference less margin, of logarithms.
        pair_sd: deviation of one pair's difference.
    """
    reach = stats.t.isf(ALPHA, k - 1)
    return float(stats.nct.sf(reach, k - 1, distance / (pair_sd / math.sqrt(k))))
