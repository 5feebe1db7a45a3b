"""The rules that are tried: the product's own, and two that are common.

`judged` is what `compare` decides by where there is one primary metric, without the report
around it; a test holds the two equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from atlas_perf.judge.comparison.decision import Difference, holm
from atlas_perf.judge.comparison.measured import measured
from atlas_perf.model.comparison import RATE, Finding, Quantity, Terms
from atlas_perf.model.run_sketches import RunSketches

ALPHA = Terms().alpha
P95 = Quantity("http_req_duration", "p(95)")
FAILED = Quantity("http_req_failed", RATE)
NAIVE_LIMIT = 1.1


def difference(
    bases: Sequence[RunSketches], candidates: Sequence[RunSketches], quantity: Quantity = P95
) -> Difference:
    """Candidate minus base, of logarithms for times, as `compare` takes it."""
    found = measured(quantity, bases, candidates, run_sd=Terms().run_sd).difference
    assert found is not None, "every run has enough samples"
    return found


def judged(one: Difference, margin: float) -> Finding:
    """What `compare` finds of a single primary metric.

    Args:
        margin: of a share, or the logarithm of 1 + that of a time.
    """
    (regressed,) = holm([one.p_regressed(margin)], ALPHA)
    if regressed:
        return Finding.REGRESSED
    if one.p_non_inferior(margin) < ALPHA:
        return Finding.NON_INFERIOR
    return Finding.UNDECIDED


def come_to(groups: NDArray[Any], margin: float, finding: Finding) -> NDArray[np.bool_]:
    """Which groups of pairs come to a finding, as `judged(paired(group), margin)` says of each.

    Args:
        groups: differences, the pairs of a group along the last axis.
        finding: REGRESSED or NON_INFERIOR.
    """
    k = groups.shape[-1]
    reach = float(stats.t.isf(ALPHA, k - 1)) / math.sqrt(k) * groups.std(axis=-1, ddof=1)
    distance = groups.mean(axis=-1) - margin
    return np.asarray(distance >= reach if finding is Finding.REGRESSED else -distance > reach)


def naive(base_p95: float, candidate_p95: float) -> bool:
    """The p95 of one run is more than 10 % above that of another."""
    return candidate_p95 > NAIVE_LIMIT * base_p95


def mann_whitney(base: NDArray[Any], candidate: NDArray[Any]) -> bool:
    """The requests of one run are longer than those of another, taken as independent.

    Latencies, or the numbers of their bins, which are in the same order.
    """
    found = stats.mannwhitneyu(candidate, base, alternative="greater", method="asymptotic")
    return bool(found.pvalue < ALPHA)


def two_proportions(base: RunSketches, candidate: RunSketches) -> bool:
    """The z-test of two shares, each request taken as independent."""
    (failed_b, of_b), (failed_c, of_c) = (
        (sum(n for n, _ in run.rates[0].windows), sum(n for _, n in run.rates[0].windows))
        for run in (base, candidate)
    )
    pooled = (failed_b + failed_c) / (of_b + of_c)
    se = math.sqrt(pooled * (1 - pooled) * (1 / of_b + 1 / of_c))
    return se > 0 and bool((failed_c / of_c - failed_b / of_b) / se > stats.norm.isf(ALPHA))
