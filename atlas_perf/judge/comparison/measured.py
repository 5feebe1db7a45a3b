"""What is compared of runs: one number a run, or one a window, of a selector and a statistic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from atlas_perf.judge.comparison.decision import (
    LEAST_SESSIONS,
    Difference,
    against_history,
    paired,
    unpaired,
)
from atlas_perf.judge.comparison.log_quantile import log_quantile
from atlas_perf.model.comparison import Quantity
from atlas_perf.model.metric import TASK_COMPLETED, Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.sketch.ddsketch import Sketch

SAMPLES_BEYOND = 20
"""A quantile is compared where so many samples are beyond it, in each run or window."""

CENSORED_TOLERANCE = 0.1
"""Of the samples beyond a quantile, so many may have been cut off in flight."""

LEAST_WINDOW_S = 20
LEAST_WINDOWS = 3

_TOO_SHORT = (
    f"too short for a band: it takes {LEAST_WINDOWS} windows of {LEAST_WINDOW_S} s with enough "
    "samples each"
)
_GOOD_RATES = frozenset({"checks", TASK_COMPLETED})


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity on both sides. Levels are logarithms for times and shares for rates."""

    base: float | None
    candidate: float | None
    difference: Difference | None  # None: too little for an uncertainty
    higher_is_worse: bool  # of times and of shares of failures; of others nobody can say
    lacking: str = ""  # what keeps it from being compared, as a clause


@dataclass(frozen=True, slots=True)
class Reading:
    """One quantity of one run: a logarithm of a time or another trend, or a share."""

    value: float
    is_time: bool
    higher_is_worse: bool
    sampling_se: float  # of a share, what sampling alone makes of it
    lacking: str = ""  # what keeps it from being compared, as a clause


def reading(quantity: Quantity, run: RunSketches) -> Reading | None:
    """What one run says of a quantity; None if it has none, or none above zero."""
    if quantity.is_rate:
        good, worse = _sense(quantity)
        rate = _rate(run, quantity.selector)
        counted = (0, 0) if rate is None else _summed(rate, good=good)
        if not counted[1]:
            return None
        return Reading(counted[0] / counted[1], False, worse, _sampling_se([counted]))
    trend = _trend(run, quantity.selector)
    if trend is None:
        return None
    total, q = whole(trend), quantity.quantile
    value = log_quantile(total, q)
    if value is None:
        return None
    lacking = _too_few([total], q) or _too_many_cut_off([trend], [total], q)
    is_time = trend.contains is Contains.TIME
    return Reading(value, is_time, is_time, 0.0, lacking)


def level_of(quantity: Quantity, run: RunSketches) -> Reading | None:
    """What one run says of a quantity; None if nothing, or too little to be compared."""
    found = reading(quantity, run)
    return None if found is None or found.lacking else found


def measured(
    quantity: Quantity,
    bases: Sequence[RunSketches],
    candidates: Sequence[RunSketches],
    *,
    run_sd: float,
) -> Measured:
    """One run per side, or pairs in their order.

    Args:
        run_sd: deviation between runs that one per side is taken to have.
    """
    if quantity.is_rate:
        return _shares(quantity, bases, candidates)
    return _quantiles(quantity, bases, candidates, run_sd)


def measured_against(
    quantity: Quantity,
    sessions: Sequence[Sequence[RunSketches]],
    candidate: Sequence[RunSketches],
) -> Measured:
    """A session of the candidate, and kept ones: each counts once, with the mean of its runs."""
    levels = [_of_session(quantity, one) for one in sessions]
    known = [one for one in levels if one is not None]
    new = _of_session(quantity, candidate)
    worse = all(one.higher_is_worse for one in (*known, *([new] if new else ())))
    if new is None or len(known) < LEAST_SESSIONS:
        where = "the candidate has" if new is None else f"{len(known)} of the sessions have"
        return Measured(
            fmean(one.value for one in known) if known else None,
            None if new is None else new.value,
            None,
            worse,
            f"{where} too little of it, and it takes {LEAST_SESSIONS} sessions and the candidate",
        )
    values = [one.value for one in known]
    least_se = 0.0
    if quantity.is_rate:
        sides = [[run for session in sessions for run in session], candidate]
        least_se = math.hypot(*(_sampling_se(_counts(quantity, side)) for side in sides))
    difference = against_history(values, new.value, least_se=least_se)
    return Measured(fmean(values), new.value, difference, worse)


def _of_session(quantity: Quantity, runs: Sequence[RunSketches]) -> Reading | None:
    levels = [one for one in (level_of(quantity, run) for run in runs) if one is not None]
    if not levels:
        return None
    return replace(levels[0], value=fmean(one.value for one in levels))


def _counts(quantity: Quantity, runs: Sequence[RunSketches]) -> list[tuple[int, int]]:
    good, _ = _sense(quantity)
    rates = [_rate(run, quantity.selector) for run in runs]
    return [_summed(one, good=good) for one in rates if one is not None]


def _quantiles(
    quantity: Quantity,
    bases: Sequence[RunSketches],
    candidates: Sequence[RunSketches],
    run_sd: float,
) -> Measured:
    runs, k, q = (*bases, *candidates), len(bases), quantity.quantile
    found = [one for one in (_trend(run, quantity.selector) for run in runs) if one is not None]
    times = all(one.contains is Contains.TIME for one in found)
    totals = [whole(one) for one in found]
    levels = [level for level in (log_quantile(one, q) for one in totals) if level is not None]
    if len(levels) < len(runs):
        return Measured(None, None, None, times, "not every run has it, above zero")
    base, candidate = fmean(levels[:k]), fmean(levels[k:])
    lacking = _too_few(totals, q) or _too_many_cut_off(found, totals, q)
    if lacking:
        return Measured(base, candidate, None, times, lacking)
    if k > 1:
        pairs = [c - b for b, c in zip(levels[:k], levels[k:], strict=True)]
        return Measured(base, candidate, paired(pairs), times)
    sides = [_of_windows(one, run.window_s, q) for one, run in zip(found, runs, strict=True)]
    if min(map(len, sides)) < LEAST_WINDOWS:
        return Measured(base, candidate, None, times, _TOO_SHORT)
    return Measured(base, candidate, unpaired(*sides, run_sd=run_sd), times)


def _too_few(totals: Sequence[Sketch], q: float) -> str:
    fewest, least = min(total.count for total in totals), least_samples(q)
    if fewest >= least:
        return ""
    return f"{fewest:,} samples in a run, and it takes {least:,}"


def _too_many_cut_off(trends: Sequence[KeptTrend], totals: Sequence[Sketch], q: float) -> str:
    for trend, total in zip(trends, totals, strict=True):
        if trend.censored > CENSORED_TOLERANCE * (1 - q) * (total.count + trend.censored):
            return f"{trend.censored:,} were cut off in flight in a run, too many for this quantile"
    return ""


def least_samples(q: float) -> int:
    return math.ceil(round(SAMPLES_BEYOND / (1 - q), 6))


def _of_windows(trend: KeptTrend, lengths: Sequence[int], q: float) -> list[float]:
    sketches = [Sketch.from_bytes(one) for one in trend.windows]
    levels = [
        log_quantile(sketch, q)
        for sketch, length_s in zip(sketches, lengths, strict=True)
        if sketch.count >= least_samples(q) and length_s >= LEAST_WINDOW_S
    ]
    return [level for level in levels if level is not None]


def _shares(
    quantity: Quantity, bases: Sequence[RunSketches], candidates: Sequence[RunSketches]
) -> Measured:
    """Shares of what went wrong, if that is known, else of what was true."""
    good, worse = _sense(quantity)
    rates = [_rate(run, quantity.selector) for run in (*bases, *candidates)]
    found = [one for one in rates if one is not None]
    counts = [_summed(one, good=good) for one in found]
    if len(found) < len(rates) or not all(samples for _, samples in counts):
        return Measured(None, None, None, worse, "not every run has it")
    k = len(bases)
    shares = [passes / samples for passes, samples in counts]
    base, candidate = fmean(shares[:k]), fmean(shares[k:])
    least_se = math.hypot(_sampling_se(counts[:k]), _sampling_se(counts[k:]))
    if k > 1:
        pairs = [c - b for b, c in zip(shares[:k], shares[k:], strict=True)]
        return Measured(base, candidate, paired(pairs, least_se=least_se), worse)
    sides = [
        [
            (samples - passes if good else passes) / samples
            for (passes, samples), length_s in zip(one.windows, run.window_s, strict=True)
            if samples and length_s >= LEAST_WINDOW_S
        ]
        for one, run in zip(found, (*bases, *candidates), strict=True)
    ]
    if min(map(len, sides)) < LEAST_WINDOWS:
        return Measured(base, candidate, None, worse, _TOO_SHORT)
    difference = unpaired(sides[0], sides[1], run_sd=0.0, least_se=least_se)
    return Measured(base, candidate, difference, worse)


def _sense(quantity: Quantity) -> tuple[bool, bool]:
    """Whether it counts what went well, and whether it is known which way is worse."""
    good = quantity.metric in _GOOD_RATES
    return good, good or quantity.metric.endswith("_failed")


def _sampling_se(counts: Sequence[tuple[int, int]]) -> float:
    """What a share of so many samples is off by at least, however steady; never nothing, since
    none of a thousand does not mean that there are none."""
    passes = sum(one for one, _ in counts) + 1
    samples = sum(one for _, one in counts) + 2
    share = passes / samples
    return math.sqrt(share * (1 - share) / samples)


def _summed(rate: KeptRate, *, good: bool) -> tuple[int, int]:
    passes = sum(one for one, _ in rate.windows)
    samples = sum(one for _, one in rate.windows)
    return (samples - passes if good else passes), samples


def whole(trend: KeptTrend) -> Sketch:
    """The sketch of all windows together."""
    merged = Sketch()
    for packed in trend.windows:
        merged.merge(Sketch.from_bytes(packed))
    return merged


def _trend(run: RunSketches, selector: str) -> KeptTrend | None:
    return next((one for one in run.trends if one.selector == selector), None)


def _rate(run: RunSketches, selector: str) -> KeptRate | None:
    return next((one for one in run.rates if one.selector == selector), None)
