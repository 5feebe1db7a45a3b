"""The simulated part as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.error_rates.chance import around
from benchmarks.error_rates.markdown import band, percent, table, tenths
from benchmarks.error_rates.result import Count, Simulated
from benchmarks.error_rates.rules import ALPHA
from benchmarks.error_rates.simulating import (
    ERROR_MARGINS,
    MARGINS,
    PAIRS_OF_BURSTS,
    SHIFTS,
    SIZES,
    TIMES_AS_MANY_FAILURES,
)

MARGIN = MARGINS[-1]
MARK = "‡"
"""Of a rate that chance makes of the stated one only once in twenty studies."""


@dataclass(frozen=True, slots=True)
class Counts:
    """All of the simulated part, to be asked for one."""

    all: tuple[Count, ...]

    def of_pairs(self, noise: str, k: int, said: str, margin: float, shift: float) -> Count:
        return self._one(noise, "pairs", said, k, margin, shift)

    def of_one_run(self, noise: str, rule: str, margin: float, shift: float) -> Count:
        return self._one(noise, rule, "worse", 1, margin, shift)

    def _one(self, *key: object) -> Count:
        (found,) = (
            one
            for one in self.all
            if (one.noise, one.rule, one.said, one.k, one.margin, one.shift) == key
        )
        return found

    @property
    def regimes(self) -> list[str]:
        return [
            noise for noise in dict.fromkeys(one.noise for one in self.all) if noise != "bursts"
        ]


def simulated_text(result: Simulated) -> str:
    """Tables, and what they come to."""
    counts = Counts(result.counts)
    deviations = ", ".join(f"{name} {percent(sd)}" for name, sd in result.pair_sd.items())
    return "\n\n".join(
        (
            f"{result.draws:,} times ten pairs of each noise, seed {result.seed}. Deviation of one "
            f"pair's difference: {deviations}.",
            "**No margin.** FAIL of the same build is a false alarm, of a slower one the power; in "
            "brackets what the noncentral t predicts.",
            _without_margin(counts),
            f"**A margin of {MARGIN * 100:g} %.** At +{MARGIN * 100:g} % FAIL and PASS are both "
            "wrong, and each may be in 5 %.",
            _with_margin(counts),
            _on_alpha(counts),
            _on_power(counts),
            "**One run per side**: how often a rule calls the candidate worse, on the same runs.",
            _one_run(counts),
            "**Failures in bursts**: how often a rule calls the candidate worse.",
            _bursts(counts),
        )
    )


def _without_margin(counts: Counts) -> str:
    rows = []
    for noise in counts.regimes:
        for k in SIZES:
            same, *slower = (counts.of_pairs(noise, k, "FAIL", 0.0, shift) for shift in SHIFTS)
            known = (noise, str(k), f"{same.of:,}", band(ALPHA, same.of), _rate(same))
            rows.append((*known, *map(_power, slower)))
    head = ("noise", "pairs", "comparisons", "chance makes of 5 %", "same build")
    return table((*head, *_heads(SHIFTS[1:])), rows, left=1)


def _with_margin(counts: Counts) -> str:
    rows = []
    for noise in counts.regimes:
        for k in SIZES:
            passed, failed = (
                {shift: counts.of_pairs(noise, k, said, MARGIN, shift) for shift in SHIFTS}
                for said in ("PASS", "FAIL")
            )
            wrong = (_rate(passed[MARGIN]), _rate(failed[MARGIN]))
            right = (_power(failed[shift]) for shift in SHIFTS if shift > MARGIN)
            rows.append((noise, str(k), _power(passed[0.0]), *wrong, *right))
    at = f"+{MARGIN * 100:g} %"
    more = [f"{head}: FAIL" for head in _heads([one for one in SHIFTS if one > MARGIN])]
    head = ("noise", "pairs", "same build: PASS", f"{at}: PASS", f"{at}: FAIL", *more)
    return table(head, rows, left=1)


def _one_run(counts: Counts) -> str:
    rules = (
        ("p95 more than 10 % above", "naive", 0.0),
        ("Mann–Whitney on the requests", "Mann-Whitney", 0.0),
        ("ours, *looks worse*, no margin", "one run", 0.0),
        (f"ours, *looks worse*, margin {MARGIN * 100:g} %", "one run", MARGIN),
    )
    rows = []
    for noise in counts.regimes:
        for text, rule, margin in rules:
            found = (counts.of_one_run(noise, rule, margin, shift) for shift in SHIFTS)
            rows.append((noise, text, *map(_plain, found)))
    return table(("noise", "rule", "same build", *_heads(SHIFTS[1:])), rows, left=2)


def _bursts(counts: Counts) -> str:
    shifts, k = [times - 1 for times in TIMES_AS_MANY_FAILURES], PAIRS_OF_BURSTS
    rows = []
    for margin in ERROR_MARGINS:
        found = (counts.of_pairs("bursts", k, "FAIL", margin, shift) for shift in shifts)
        rows.append((f"ours, {k} pairs, margin {margin * 100:g} pp", *map(_plain, found)))
    usual = (counts.of_one_run("bursts", "two proportions", 0.0, shift) for shift in shifts)
    rows.append(("z-test of two shares, one run each", *map(_plain, usual)))
    times = (f"{times:g} times as many" for times in TIMES_AS_MANY_FAILURES[1:])
    return table(("rule", "same build", *times), rows, left=1)


def at_alpha(counts: Counts) -> list[Count]:
    """Rates that alpha is stated for: the true difference is the margin, and the word wrong.

    FAIL without a margin, and PASS with one. FAIL with one is not counted again: a difference of
    the same draws is beyond the margin where it was beyond none without the shift.
    """
    return [
        one
        for one in _judged_by_pairs(counts)
        if one.shift == one.margin and (one.said == "FAIL") == (one.margin == 0)
    ]


def powers(counts: Counts) -> list[Count]:
    """Rates of right words."""
    return [
        one
        for one in _judged_by_pairs(counts)
        if (one.shift > one.margin if one.said == "FAIL" else one.shift < one.margin)
    ]


def _judged_by_pairs(counts: Counts) -> list[Count]:
    return [one for one in counts.all if one.rule == "pairs" and one.predicted is not None]


def outside(one: Count) -> bool:
    """Chance makes such a rate of the predicted one only once in twenty studies."""
    assert one.predicted is not None
    low, high = around(one.predicted, one.of)
    return not low <= one.found / one.of <= high


def _on_alpha(counts: Counts) -> str:
    stated = at_alpha(counts)
    far = [one for one in stated if outside(one)]
    return (
        f"Of {len(stated)} rates that must be {ALPHA * 100:g} %, false alarms without a margin and "
        f"false PASSes with one, {len(far)} lie outside of what chance makes of it nineteen times "
        f"in twenty ({MARK}), where about {len(stated) / 20:.0f} would by chance. All together: "
        f"{_pooled(stated)}."
    )


def _on_power(counts: Counts) -> str:
    found = powers(counts)
    far = [one for one in found if outside(one)]
    most = max(found, key=lambda one: abs(_share(one) - (one.predicted or 0)))
    return (
        f"Of {len(found)} powers, {len(far)} lie outside of what chance makes of the predicted "
        f"one, where about {len(found) / 20:.0f} would. The furthest: {_named(most)} in "
        f"{percent(_share(most))} instead of {percent(most.predicted or 0)}."
    )


def _named(one: Count) -> str:
    return (
        f"{one.noise}, {one.k} pairs, margin {one.margin * 100:g} %, {one.said} at "
        f"+{one.shift * 100:g} %"
    )


def _pooled(counts: Iterable[Count]) -> str:
    found, of = (sum(n) for n in zip(*((one.found, one.of) for one in counts), strict=True))
    return f"{found:,} of {of:,}, {found / of * 100:.2f} %"


def _heads(shifts: Iterable[float]) -> list[str]:
    return [f"+{shift * 100:g} %" for shift in shifts]


def _share(one: Count) -> float:
    return one.found / one.of


def _plain(one: Count) -> str:
    return percent(_share(one))


def _rate(one: Count) -> str:
    return _plain(one) + (f" {MARK}" if outside(one) else "")


def _power(one: Count) -> str:
    assert one.predicted is not None
    mark = f" {MARK}" if outside(one) else ""
    return f"{_plain(one)} ({tenths(one.predicted)}){mark}"
