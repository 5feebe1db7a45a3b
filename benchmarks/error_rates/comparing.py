"""The real part: what the rules say of real runs whose builds are known to differ by so much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atlas_perf.judge.comparison.decision import paired
from atlas_perf.judge.comparison.measured import whole
from atlas_perf.model.comparison import Finding, Quantity
from atlas_perf.report.run_files import RunFiles
from benchmarks.error_rates.real_runs import BASE, NAMES, Round, Settings, StudyFailed
from benchmarks.error_rates.result import Real, RealShift
from benchmarks.error_rates.rules import come_to, difference, judged, mann_whitney, naive

MOST_SUBSETS = 4000
LEAST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Share:
    """Of comparisons that share no pair, and of many that do."""

    found: int
    of: int
    of_all: float


def compared(found: Sequence[Round], settings: Settings) -> Real:
    """All rounds together.

    Raises:
        StudyFailed: they are too few for any comparison.
    """
    if len(found) < LEAST_ROUNDS:
        raise StudyFailed(f"{len(found)} rounds are too few: give --real more minutes")
    facts = found[0].runs[BASE].summary.facts
    return Real(
        machine=f"{facts.cpu_model}, {facts.cpu_count} CPUs, Python {facts.python}",
        seconds=settings.seconds,
        per_s=settings.per_s,
        repeated=sum(one.repeated for one in found),
        shifts=tuple(_shift(found, name, NAMES[name]) for name in NAMES if name != BASE),
    )


def _shift(found: Sequence[Round], name: str, shift: float) -> RealShift:
    differences, drawn, told_naive, told_ranks = [], [], 0, 0
    for one in found:
        base, candidate = one.runs[BASE], one.runs[name]
        change = _change(base, candidate)
        differences.append(round(change, 6))
        drawn.append(round(one.drawn[name] - one.drawn[BASE], 6))
        told_naive += naive(1.0, float(np.exp(change)))
        told_ranks += mann_whitney(_bins(base), _bins(candidate))
    return RealShift(shift, tuple(differences), tuple(drawn), told_naive, told_ranks)


def _change(base: RunFiles, candidate: RunFiles) -> float:
    """Of the logarithms of their p95. The uncertainty of three equal pairs is not looked at."""
    bases, candidates = [base.sketches] * 3, [candidate.sketches] * 3
    return difference(bases, candidates, Quantity("http_req_duration", "p(95)")).mean


def _bins(run: RunFiles) -> NDArray[np.int64]:
    """Of each request the number of its bin: in the order of their latencies, with ties."""
    (trend,) = (one for one in run.sketches.trends if one.selector == "http_req_duration")
    bins = whole(trend).bins()
    return np.repeat(
        np.fromiter(bins.keys(), dtype=np.int64), np.fromiter(bins.values(), dtype=np.int64)
    )


def said(
    differences: Sequence[float], k: int, margin: float, finding: Finding, *, swap: bool = False
) -> Share:
    """How often comparisons of k of these pairs come to a finding.

    Args:
        swap: base and candidate may be taken for each other, as those of equal builds.
    """
    groups = [differences[first : first + k] for first in range(0, len(differences) - k + 1, k)]
    found = sum(judged(paired(group), margin) is finding for group in groups)
    random = np.random.default_rng(k)
    values = np.array(differences)
    subsets = []
    for _ in range(MOST_SUBSETS if groups else 0):
        subset = random.choice(values, k, replace=False)
        subsets.append(subset * random.choice((-1, 1), k) if swap else subset)
    times = int(come_to(np.array(subsets), margin, finding).sum()) if subsets else 0
    return Share(found, len(groups), times / MOST_SUBSETS)
