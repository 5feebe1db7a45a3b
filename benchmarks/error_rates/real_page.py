"""The real part as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev, variance

from atlas_perf.judge.comparison.decision import paired
from atlas_perf.model.comparison import Finding
from benchmarks.error_rates.chance import of, power
from benchmarks.error_rates.comparing import Share, said
from benchmarks.error_rates.markdown import percent, signed, table
from benchmarks.error_rates.result import Real, RealShift
from benchmarks.error_rates.rules import ALPHA
from benchmarks.error_rates.simulating import MARGINS

SIZES = (3, 5)
MARGIN = MARGINS[-1]


def real_text(result: Real) -> str:
    """Tables, and what they come to."""
    pairs = len(result.shifts[0].differences)
    pair_sd = math.sqrt(fmean(variance(one.differences) for one in result.shifts))
    sizes = [k for k in SIZES if k <= pairs]
    return "\n\n".join(
        (
            f"{pairs} rounds of a base and {len(result.shifts)} candidates, {result.seconds} s "
            f"each at {result.per_s} requests/s ({result.machine}); {result.repeated} were "
            f"INVALID and made again. Deviation of one pair's difference: {percent(pair_sd)}.",
            _measured(result.shifts),
            _off(result.shifts),
            "**No margin**: comparisons that FAIL. First those that share no pair, then the share "
            "of all that can be made of these pairs, then what the noncentral t predicts.",
            _judged(result.shifts, sizes, 0.0, Finding.REGRESSED, pair_sd),
            _swapped(result.shifts[0], sizes),
            f"**A margin of {MARGIN * 100:g} %**: comparisons that FAIL, then those that PASS.",
            _judged(result.shifts, sizes, MARGIN, Finding.REGRESSED, pair_sd),
            _judged(result.shifts, sizes, MARGIN, Finding.NON_INFERIOR, pair_sd),
        )
    )


def _measured(shifts: Sequence[RealShift]) -> str:
    rows = []
    for one in shifts:
        change, pairs = paired(one.differences), len(one.differences)
        low, high = (math.expm1(end) for end in (change.lower(ALPHA), change.upper(ALPHA)))
        rows.append(
            (
                f"+{one.shift * 100:g} %",
                signed(math.expm1(fmean(one.drawn))),
                signed(math.expm1(change.mean)),
                f"{signed(low)} … {signed(high)}",
                _of(one.naive, pairs),
                _of(one.mann_whitney, pairs),
            )
        )
    head = ("made slower by", "drawn", "measured", "90 % interval", "p95 more than 10 % above")
    return table((*head, "Mann–Whitney on the requests"), rows, left=0)


def _off(shifts: Sequence[RealShift]) -> str:
    off = [
        change - drew
        for one in shifts
        for change, drew in zip(one.differences, one.drawn, strict=True)
    ]
    return (
        "*Drawn* is the same of the latencies that the targets drew, which their seeds give again: "
        f"a pair's measured difference is {signed(math.expm1(fmean(off)))} beside it, with a "
        f"deviation of {percent(stdev(off))}."
    )


def _judged(
    shifts: Sequence[RealShift],
    sizes: Sequence[int],
    margin: float,
    finding: Finding,
    pair_sd: float,
) -> str:
    sign = 1 if finding is Finding.REGRESSED else -1
    rows = []
    for one in shifts:
        distance = sign * (math.log1p(one.shift) - math.log1p(margin))
        cells = [
            f"{_of_disjoint(said(one.differences, k, math.log1p(margin), finding))} "
            f"({percent(power(distance, pair_sd, k))})"
            for k in sizes
        ]
        rows.append((f"+{one.shift * 100:g} %", *cells))
    word = "FAIL" if finding is Finding.REGRESSED else "PASS"
    return table(("made slower by", *(f"{k} pairs: {word}" for k in sizes)), rows, left=0)


def _swapped(same: RealShift, sizes: Sequence[int]) -> str:
    shares = {k: said(same.differences, k, 0.0, Finding.REGRESSED, swap=True) for k in sizes}
    rates = [f"{percent(share.of_all)} of {k} pairs" for k, share in shares.items()]
    return (
        "Base and candidate of the same build may be taken for each other. With that, the share of "
        f"false alarms in all comparisons is {' and '.join(rates)}."
    )


def _of_disjoint(share: Share) -> str:
    return f"{share.found} of {share.of} · {percent(share.of_all)}"


def _of(found: int, number: int) -> str:
    low, high = of(found, number)
    return f"{found} of {number} ({low * 100:.0f}–{high * 100:.0f} %)"
