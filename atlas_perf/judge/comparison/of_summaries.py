"""Quantiles of runs of which only summaries are there: one number a run, and no windows.

Pairs of runs take no more than that. What a summary lacks is said, and never interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from atlas_perf.judge.comparison.decision import paired
from atlas_perf.judge.comparison.measured import Measured, least_samples, measured
from atlas_perf.model.comparison import Quantity
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptQuantiles, RunSketches
from atlas_perf.units import NS_PER_MS

WITHOUT_WINDOWS = (
    "a summary of k6 has no windows: compare files of its --out json, or 3 pairs of runs"
)

_MEDIAN = "p(50)"


def of_summaries(
    quantity: Quantity, bases: Sequence[RunSketches], candidates: Sequence[RunSketches]
) -> Measured:
    """One run per side, which lacks an uncertainty, or pairs in their order."""
    if quantity.is_rate:
        shares = measured(quantity, bases, candidates, run_sd=0.0)
        alone = len(bases) == 1 and shares.base is not None
        return replace(shares, lacking=WITHOUT_WINDOWS) if alone else shares
    runs, k = (*bases, *candidates), len(bases)
    found = [one for one in (_of(run, quantity.selector) for run in runs) if one is not None]
    times = all(one.contains is Contains.TIME for one in found)
    if len(found) < len(runs):
        return Measured(None, None, None, times, "not every run has it")
    values = [_value(one, quantity.statistic) for one in found]
    levels = [math.log(one) for one in values if one is not None and one > 0]
    if None in values:
        return Measured(None, None, None, times, _lacking(quantity.statistic))
    if len(levels) < len(runs):
        return Measured(None, None, None, times, "not every run has it, above zero")
    base, candidate = fmean(levels[:k]), fmean(levels[k:])
    counts = [one.samples for one in found if one.samples is not None]
    lacking = _UNCOUNTED if len(counts) < len(runs) else _too_few(min(counts), quantity.quantile)
    if lacking or k == 1:
        return Measured(base, candidate, None, times, lacking or WITHOUT_WINDOWS)
    pairs = [c - b for b, c in zip(levels[:k], levels[k:], strict=True)]
    return Measured(base, candidate, paired(pairs), times)


_UNCOUNTED = (
    "k6's summary does not say of how many samples it is: give k6 --summary-trend-stats "
    "'avg,min,med,max,p(90),p(95),count'"
)


def _too_few(fewest: int, q: float) -> str:
    least = least_samples(q)
    return "" if fewest >= least else f"{fewest:,} samples in a run, and it takes {least:,}"


def _of(run: RunSketches, selector: str) -> KeptQuantiles | None:
    return next((one for one in run.quantiles if one.selector == selector), None)


def _value(kept: KeptQuantiles, statistic: str) -> float | None:
    """In the inner unit, as levels are."""
    value = kept.values.get(statistic)
    if value is None and statistic == _MEDIAN:
        value = kept.values.get("med")
    if value is None:
        return None
    return value * NS_PER_MS if kept.contains is Contains.TIME else value


def _lacking(statistic: str) -> str:
    return (
        f"k6's summary has no {statistic} of it: give k6 --summary-trend-stats "
        f"'avg,min,med,max,p(90),p(95),{statistic},count'"
    )
