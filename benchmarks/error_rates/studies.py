"""`python -m benchmarks.error_rates.studies`: many studies in which only chance works.

Each has as many rounds of one base and one candidate as the real part, at the margin; pairs differ
by normal draws with the deviation that was found there. Printed is how often such a study looks
as bad as the real one, or worse.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, variance

import numpy as np
from scipy import stats

from atlas_perf.model.comparison import Finding
from benchmarks.error_rates.comparing import said
from benchmarks.error_rates.real_page import MARGIN, SIZES
from benchmarks.error_rates.result import Real, RealShift, stored
from benchmarks.error_rates.rules import come_to


@dataclass(frozen=True, slots=True)
class AsBad:
    """Of studies in which only chance works."""

    k: int
    mean: float  # share of comparisons that PASS, of all that can be made
    of_all: float  # studies with as large a share of these as the real one, or a larger
    disjoint: float  # studies with as many of those that share no pair, or more


def as_bad(real: Real, studies: int, seed: int) -> list[AsBad]:
    """How often chance alone is as bad as the candidate that is slower by the margin."""
    (at_margin,) = (one for one in real.shifts if one.shift == MARGIN)
    pairs, margin, passes = len(at_margin.differences), math.log1p(MARGIN), Finding.NON_INFERIOR
    drawn = np.random.default_rng(seed).normal(margin, _pair_sd(real.shifts), (studies, pairs))
    found = []
    for k in SIZES:
        share = said(at_margin.differences, k, margin, passes)
        groups = np.array(list(combinations(range(pairs), k)))
        every = np.array([come_to(one[groups], margin, passes).mean() for one in drawn])
        whole = pairs // k * k
        apart = come_to(drawn[:, :whole].reshape(studies, -1, k), margin, passes).sum(axis=1)
        found.append(
            AsBad(
                k,
                float(every.mean()),
                float((every >= share.of_all).mean()),
                float((apart >= share.found).mean()),
            )
        )
    return found


def mean_off(real: Real) -> list[tuple[float, float]]:
    """Of each shift: how many standard errors its mean is off, and how often chance is that far."""
    found = []
    for one in real.shifts:
        k = len(one.differences)
        off = (fmean(one.differences) - math.log1p(one.shift)) / math.sqrt(
            variance(one.differences) / k
        )
        found.append((off, float(2 * stats.t.sf(abs(off), k - 1))))
    return found


def _pair_sd(shifts: Sequence[RealShift]) -> float:
    return math.sqrt(fmean(variance(one.differences) for one in shifts))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.error_rates.studies")
    parser.add_argument("--studies", type=int, default=2000, metavar="N", help="(2000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(1)")
    options = parser.parse_args(arguments)
    real = stored().real
    if real is None:
        print("error: there is no real part yet: run it with --real", file=sys.stderr)
        return 1
    for one, (off, chance) in zip(real.shifts, mean_off(real), strict=True):
        print(f"+{one.shift:.0%}: mean off by {off:+.1f} standard errors, by chance {chance:.0%}")
    for each in as_bad(real, options.studies, options.seed):
        print(
            f"{each.k} pairs, {MARGIN:.0%} slower at a margin of {MARGIN:.0%}: {each.mean:.1%} "
            f"PASS; as many as found, or more: of all comparisons in {each.of_all:.0%} of "
            f"{options.studies} studies, of those that share no pair in {each.disjoint:.0%}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
