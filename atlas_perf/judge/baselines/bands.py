"""How uncertain a value is within its run: a 95 % band, by what the value is.

A percentile lies between two order statistics, whose ranks are quantiles of a binomial, and each of
which is read from the sketch with the sketch's own error. A share lies in Wilson's interval, a
throughput in Student's of the run's parts: a share too, where its parts differ by more than chance.
A gauge is read, and has none.

All of it is about one run. What the next run of the same build would measure it does not say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from atlas_perf.model.snapshot import Distribution, RateTotal, TrendTotal

_TAIL = 0.025
_Z = 1.959964
GROUPS = 6
_T_OF_GROUPS = 2.570582
"""Student's, for 95 % and `GROUPS - 1` degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Band:
    """In the unit of the value; None: no end can be given."""

    low: float | None
    high: float | None


NO_BAND = Band(None, None)


def quantile_band(total: TrendTotal, percentile: float) -> Band:
    """Of a percentile strictly between 0 and 100, in the metric's inner unit."""
    whole = total.samples + total.beyond
    low_rank, high_rank = rank_bounds(whole, percentile / 100)
    least, known = total.at_least, total.distribution
    low = high = None
    if low_rank >= 1:
        low = _at_rank(least, low_rank) / (1 + least.relative_accuracy)
    if high_rank <= known.count:  # what was cut off may be longer than anything
        high = _at_rank(known, high_rank) / (1 - known.relative_accuracy)
    return Band(low, high)


def rank_bounds(count: int, q: float) -> tuple[int, int]:
    """Ranks, from 1, between whose values the q-quantile lies with 95 %; 0 and `count` + 1 mean
    that no sample bounds it on that side."""
    mean, deviation = count * q, math.sqrt(count * q * (1 - q))
    reach = 8 * deviation + 12
    first, last = max(0, math.floor(mean - reach)), min(count, math.ceil(mean + reach))
    below, low, high = 0.0, 0, count + 1
    for rank in range(first, last + 1):
        if below <= _TAIL:  # P(B < rank)
            low = rank
        elif below >= 1 - _TAIL:
            high = rank
            break
        below += _binomial(rank, count, q)
    return low, high


def share_band(total: RateTotal, groups: Sequence[RateTotal]) -> Band:
    """Of a share: Wilson's, with as many samples less as the parts of the run say that their
    failures come together. Those cut off may be of either kind."""
    whole = total.samples + total.beyond
    effective = whole / _clustering(groups)
    low, _ = _wilson(total.passes / whole, effective)
    _, high = _wilson((total.passes + total.beyond) / whole, effective)
    return Band(low, high)


def throughput_band(value: float, per_group: Sequence[float]) -> Band:
    """Of a mean rate, by how the rates of parts of one length differ; none with fewer than
    `GROUPS` parts."""
    if len(per_group) != GROUPS:
        return NO_BAND
    mean = sum(per_group) / GROUPS
    variance = sum((rate - mean) ** 2 for rate in per_group) / (GROUPS - 1)
    half = _T_OF_GROUPS * math.sqrt(variance / GROUPS)
    return Band(max(0.0, value - half), value + half)


def _clustering(groups: Sequence[RateTotal]) -> float:
    """By how much the variance of the parts' shares exceeds that of independent samples."""
    filled = [group for group in groups if group.samples]
    samples = sum(group.samples for group in filled)
    share = sum(group.passes for group in filled) / samples if samples else 0.0
    if len(filled) < GROUPS or share in (0.0, 1.0):
        return 1.0
    chi_square = sum(
        (group.passes - share * group.samples) ** 2 / (group.samples * share * (1 - share))
        for group in filled
    )
    return max(1.0, chi_square / (len(filled) - 1))


def _wilson(share: float, samples: float) -> tuple[float, float]:
    spread = _Z * _Z / samples
    centre = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / samples + spread / (4 * samples)) / (1 + spread)
    # Of none and of all the interval begins or ends at the share: by rounding it may miss it.
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def _at_rank(distribution: Distribution, rank: int) -> float:
    last = distribution.count - 1
    return distribution.quantile((rank - 1) / last) if last > 0 else distribution.min


def _binomial(successes: int, count: int, q: float) -> float:
    chosen = math.lgamma(count + 1) - math.lgamma(successes + 1)
    chosen -= math.lgamma(count - successes + 1)
    return math.exp(chosen + successes * math.log(q) + (count - successes) * math.log1p(-q))
