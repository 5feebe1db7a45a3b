"""Runs of one build against each other: how much they differ, and what pairs of them can show.

Neighbours in time differ by what a pair in a comparison differs by. Their true difference is none,
so its deviation is the root of the mean square. With k pairs a shift is shown to be beyond a
margin, with the power 1 - b, from about

    margin + (t(1 - alpha, k - 1) + t(1 - b, k - 1)) · sd / sqrt(k)

on: the usual approximation of the noncentral t distribution (Cohen, "Statistical Power Analysis
for the Behavioral Sciences", 1988), within 5 % of it here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from random import Random
from statistics import NormalDist, fmean, stdev

from atlas_perf.judge.comparison.compare import chosen_primary, compare, quantities
from atlas_perf.judge.comparison.decision import LEAST_PAIRS, holm, paired
from atlas_perf.judge.comparison.measured import Reading, reading
from atlas_perf.judge.comparison.student_t import t_quantile
from atlas_perf.model.comparison import Quantity, Terms
from atlas_perf.model.noise import FalseAlarms, MetricNoise, Noise, ShownShift
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_MS

PAIRS_TOLD = (3, 5, 10)
LEAST_RUNS = 2 * LEAST_PAIRS
POWER = 0.8
NAIVE_FACTOR = 1.1

_MOST_LABELLINGS = 4096
_CONFIDENCE = 0.95


def noise_of(
    runs: Sequence[RunSketches], terms: Terms, *, scenario: str, facts: Mapping[str, str]
) -> Noise:
    """What `LEAST_RUNS` or more runs of one build, in their order, say about each other.

    Args:
        terms: of the comparisons that it is measured for.
        facts: what it holds for.

    Raises:
        ValueError: with a sentence, if a primary metric is in no run.
    """
    there = list(quantities(runs))
    primary = terms.primary or chosen_primary(there)
    order = [*primary, *(one for one in there if one not in primary)]
    readings = {one: [reading(one, run) for run in runs] for one in order}
    metrics = tuple(
        _metric(one, readings[one], terms, primary=one in primary)
        for one in order
        if any(each is not None for each in readings[one]) or one in primary
    )
    return Noise(
        scenario=scenario,
        runs=len(runs),
        phase=runs[0].phase,
        margin=terms.margin,
        error_margin=terms.error_margin,
        alpha=terms.alpha,
        metrics=metrics,
        deviations_up_to=deviation_factor(len(runs) // 2),
        false_alarms=_false_alarms(runs, readings, primary, terms),
        facts=facts,
    )


def deviation_factor(differences: int) -> float:
    """The true deviation is at most so many times that of so many differences, with 95 %.

    The root of df / chi² by the approximation of Wilson and Hilferty (1931); within 3 % from three
    differences on.
    """
    ninth = 2 / (9 * differences)
    cube = 1 - ninth + NormalDist().inv_cdf(1 - _CONFIDENCE) * math.sqrt(ninth)
    return math.pow(cube, -1.5)


def smallest_shift(pair_sd: float, pairs: int, margin: float, alpha: float) -> float:
    """The true difference that is shown to be beyond the margin with probability `POWER`."""
    reach = t_quantile(1 - alpha, pairs - 1) + t_quantile(POWER, pairs - 1)
    return margin + reach * pair_sd / math.sqrt(pairs)


def margin_doubt(noise: MetricNoise, pairs: int, margin: float, alpha: float) -> str:
    """A sentence if equal builds would seldom pass with this margin; else empty.

    Args:
        margin: as people write it: a share more of a time, or of failures.
    """
    if noise.pair_sd is None:
        return ""
    needed = smallest_shift(noise.pair_sd, pairs, 0.0, alpha)
    shown = math.expm1(needed) if noise.is_time else needed
    if shown <= margin:
        return ""
    digits = (lambda share: f"{share * 100:.1f} %") if noise.is_time else _points
    return (
        f"the margin of {digits(margin)} is below the noise of {noise.selector} "
        f"{noise.statistic}: with {pairs} pairs, four of five comparisons of equal builds pass "
        f"only from {digits(shown)} on"
    )


def _points(share: float) -> str:
    return f"{share * 100:.2f} pp"


def _metric(
    quantity: Quantity, readings: Sequence[Reading | None], terms: Terms, *, primary: bool
) -> MetricNoise:
    found = [one for one in readings if one is not None]
    is_time = bool(found) and found[0].is_time
    known = MetricNoise(quantity.selector, quantity.statistic, primary, is_time, None, None, None)
    if len(found) < len(readings):
        return _lacking(known, "not every run has it")
    lacking = next((one.lacking for one in found if one.lacking), "")
    values = [one.value for one in found]
    mean = fmean(values)
    level = mean if quantity.is_rate else math.exp(mean) / (NS_PER_MS if is_time else 1)
    if lacking:
        return _lacking(known, lacking, level)
    differences = [right - left for left, right in zip(values[::2], values[1::2], strict=False)]
    floor = max(one.sampling_se for one in found) * math.sqrt(2)
    pair_sd = max(math.sqrt(fmean(each**2 for each in differences)), floor)
    margin = terms.error_margin if quantity.is_rate else math.log1p(terms.margin)
    return MetricNoise(
        selector=known.selector,
        statistic=known.statistic,
        primary=primary,
        is_time=is_time,
        level=level,
        run_sd=max(stdev(values), floor / math.sqrt(2)),
        pair_sd=pair_sd,
        shifts=tuple(
            ShownShift(
                pairs,
                _change(quantity, smallest_shift(pair_sd, pairs, 0.0, terms.alpha)),
                _change(quantity, smallest_shift(pair_sd, pairs, margin, terms.alpha)),
            )
            for pairs in PAIRS_TOLD
        ),
    )


def _lacking(known: MetricNoise, note: str, level: float | None = None) -> MetricNoise:
    return MetricNoise(
        known.selector, known.statistic, known.primary, known.is_time, level, None, None, note=note
    )


def _change(quantity: Quantity, difference: float) -> float:
    return difference if quantity.is_rate else math.expm1(difference)


def _false_alarms(
    runs: Sequence[RunSketches],
    readings: Mapping[Quantity, Sequence[Reading | None]],
    primary: Sequence[Quantity],
    terms: Terms,
) -> FalseAlarms:
    group = 2 * LEAST_PAIRS
    coin = Random("sides of an A/A calibration")
    alarms = comparisons = 0
    for begin in range(0, len(runs) - group + 1, group):
        sides = [(runs[k], runs[k + 1]) for k in range(begin, begin + group, 2)]
        turned = [pair if coin.random() < 0.5 else pair[::-1] for pair in sides]
        found = compare([one for one, _ in turned], [one for _, one in turned], terms)
        alarms += found.verdict is Verdict.FAIL
        comparisons += 1
    low, high = binomial_interval(alarms, comparisons, _CONFIDENCE)
    labellings, labelled = _labelled(readings, primary, terms)
    return FalseAlarms(
        comparisons=comparisons,
        pairs=LEAST_PAIRS,
        alarms=alarms,
        low=low,
        high=high,
        labellings=labellings,
        labelled_alarms=labelled,
        naive_alarms=_naive(readings, primary),
    )


def _labelled(
    readings: Mapping[Quantity, Sequence[Reading | None]],
    primary: Sequence[Quantity],
    terms: Terms,
) -> tuple[int, float]:
    """Of the ways to call one of each two neighbours the candidate, the share that would fail."""
    judged = [one for one in primary if all(each is not None for each in readings[one])]
    if not judged:
        return 0, 0.0
    values = {one: [each.value for each in readings[one] if each is not None] for one in judged}
    pairs = len(values[judged[0]]) // 2
    labellings = _signs(pairs)
    alarms = 0
    for signs in labellings:
        probabilities = []
        for one in judged:
            floor = math.sqrt(2 / pairs) * max(
                each.sampling_se for each in readings[one] if each is not None
            )
            differences = [
                sign * (values[one][2 * k + 1] - values[one][2 * k]) for k, sign in enumerate(signs)
            ]
            margin = terms.error_margin if one.is_rate else math.log1p(terms.margin)
            probabilities.append(paired(differences, least_se=floor).p_regressed(margin))
        alarms += any(holm(probabilities, terms.alpha))
    return len(labellings), alarms / len(labellings)


def _signs(pairs: int) -> list[tuple[int, ...]]:
    if 2**pairs <= _MOST_LABELLINGS:
        return list(product((1, -1), repeat=pairs))
    coin = Random("labellings of an A/A calibration")
    return [tuple(coin.choice((1, -1)) for _ in range(pairs)) for _ in range(_MOST_LABELLINGS)]


def _naive(
    readings: Mapping[Quantity, Sequence[Reading | None]], primary: Sequence[Quantity]
) -> float:
    """How often one run of two is said to be slower by `p95 > 1.1 × base`."""
    for one in primary:
        found = [each.value for each in readings[one] if each is not None and each.is_time]
        if len(found) > 1:
            limit = math.log(NAIVE_FACTOR)
            alarms = [
                candidate - base > limit
                for i, base in enumerate(found)
                for j, candidate in enumerate(found)
                if i != j
            ]
            return fmean(alarms)
    return 0.0


def binomial_interval(hits: int, trials: int, confidence: float) -> tuple[float, float]:
    """The exact interval of a rate (Clopper and Pearson, 1934); 0 to 1 without a trial."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: _at_least(hits, trials, p) - tail)
    high = 1.0 if hits == trials else _solve(lambda p: tail - (1 - _at_least(hits + 1, trials, p)))
    return low, high


def _at_least(hits: int, trials: int, p: float) -> float:
    return math.fsum(
        math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits, trials + 1)
    )


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
