"""The simulated part: every rule on the same runs, and how often each was wrong."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from statistics import fmean

import numpy as np

from atlas_perf.model.comparison import Finding
from atlas_perf.model.run_sketches import RunSketches
from benchmarks.error_rates.chance import power
from benchmarks.error_rates.regimes import REGIMES, Regime, SimulatedRun, failing, simulated
from benchmarks.error_rates.result import Count, Simulated
from benchmarks.error_rates.rules import (
    FAILED,
    difference,
    judged,
    mann_whitney,
    naive,
    two_proportions,
)

SHIFTS = (0.0, 0.05, 0.10, 0.20)
MARGINS = (0.0, 0.05)
ERROR_MARGINS = (0.0, 0.005)
TIMES_AS_MANY_FAILURES = (1.0, 2.0, 4.0)
PAIRS = 10
"""In a draw; of these there are three comparisons of 3 pairs, two of 5, one of 10."""

SIZES = (3, 5, 10)
ONE_RUN_EACH = 2
"""Pairs of a draw that are compared by rules for one run per side, too: they take the longest."""

PAIRS_OF_BURSTS = 5
BURST_DRAWS = 4
"""So many times as many draws of failures, which cost little."""

_WORD = {Finding.REGRESSED: "FAIL", Finding.NON_INFERIOR: "PASS"}

Key = tuple[str, str, int, float, float]
"""Rule, what it said, pairs, margin, shift."""


@dataclass(slots=True)
class Tally:
    """What was said how often, of how many comparisons, by rule."""

    said: Counter[Key] = field(default_factory=Counter)
    of: Counter[Key] = field(default_factory=Counter)
    squares: list[float] = field(default_factory=list)  # of differences between equal builds

    def count(self, key: Key, *, true: bool) -> None:
        self.said[key] += true
        self.of[key] += 1

    def add(self, other: Tally) -> None:
        self.said += other.said
        self.of += other.of
        self.squares += other.squares


def simulate(seed: int, draws: int) -> Simulated:
    """All regimes, on all CPUs. The same seed gives the same result whatever their number."""
    numbers = range(draws)
    pair_sd, counts = {}, []
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for place, regime in enumerate(REGIMES):
            tried = partial(_draw, regime, (seed, place))
            tally = _summed(pool.map(tried, numbers, chunksize=5), f"{regime.name}", draws)
            deviation = math.sqrt(fmean(tally.squares))
            pair_sd[regime.name] = round(deviation, 6)
            counts += _counts(regime.name, tally, deviation)
        tried_bursts = partial(_bursts, (seed, len(REGIMES)))
        many = range(draws * BURST_DRAWS)
        bursts = _summed(pool.map(tried_bursts, many, chunksize=20), "bursts", len(many))
        counts += _counts("bursts", bursts, None)
    return Simulated(seed, draws, pair_sd, tuple(counts))


def _summed(tallies: Iterable[Tally], name: str, draws: int) -> Tally:
    total = Tally()
    for number, tally in enumerate(tallies, 1):
        total.add(tally)
        if number % 50 == 0 or number == draws:
            print(f"{name}: {number} of {draws} draws", flush=True)
    return total


def _draw(regime: Regime, seeds: tuple[int, int], number: int) -> Tally:
    """Ten pairs of runs, at every shift: the candidates are the same draws, made slower."""
    random = np.random.default_rng((*seeds, number))
    bases = [simulated(random, regime) for _ in range(PAIRS)]
    candidates = [simulated(random, regime) for _ in range(PAIRS)]
    tally = Tally()
    kept_bases = [run.kept() for run in bases]
    for shift in SHIFTS:
        slower = [run.slower(shift) for run in candidates]
        _pairs(tally, kept_bases, [run.kept() for run in slower], shift)
        for base, candidate in list(zip(bases, slower, strict=True))[:ONE_RUN_EACH]:
            _one_run_each(tally, base, candidate, shift)
    return tally


def _pairs(
    tally: Tally, bases: Sequence[RunSketches], candidates: Sequence[RunSketches], shift: float
) -> None:
    for k in SIZES:
        for first in range(0, PAIRS - k + 1, k):
            group = slice(first, first + k)
            found = difference(bases[group], candidates[group])
            for margin in MARGINS:
                _say(tally, judged(found, math.log1p(margin)), k, margin, shift)
            if k == PAIRS and shift == 0:
                tally.squares.append(found.deviation**2)


def _say(tally: Tally, finding: Finding, k: int, margin: float, shift: float) -> None:
    for meant, word in _WORD.items():
        tally.count(("pairs", word, k, margin, shift), true=finding is meant)


def _one_run_each(tally: Tally, base: SimulatedRun, candidate: SimulatedRun, shift: float) -> None:
    found = difference([base.kept()], [candidate.kept()])
    for margin in MARGINS:
        worse = judged(found, math.log1p(margin)) is Finding.REGRESSED
        tally.count(("one run", "worse", 1, margin, shift), true=worse)
    left, right = base.latencies, candidate.latencies
    told = naive(float(np.quantile(left, 0.95)), float(np.quantile(right, 0.95)))
    tally.count(("naive", "worse", 1, 0.0, shift), true=told)
    tally.count(("Mann-Whitney", "worse", 1, 0.0, shift), true=mann_whitney(left, right))


def _bursts(seeds: tuple[int, int], number: int) -> Tally:
    """Five pairs whose failures come in bursts."""
    random = np.random.default_rng((*seeds, number))
    tally, k = Tally(), PAIRS_OF_BURSTS
    for times in TIMES_AS_MANY_FAILURES:
        bases = [failing(random, 1.0) for _ in range(k)]
        candidates = [failing(random, times) for _ in range(k)]
        found = difference(bases, candidates, FAILED)
        for margin in ERROR_MARGINS:
            _say(tally, judged(found, margin), k, margin, times - 1)
        told = two_proportions(bases[0], candidates[0])
        tally.count(("two proportions", "worse", 1, 0.0, times - 1), true=told)
    return tally


def _counts(noise: str, tally: Tally, pair_sd: float | None) -> list[Count]:
    return [
        Count(noise, *key, tally.said[key], tally.of[key], _predicted(key, pair_sd))
        for key in tally.of
    ]


def _predicted(key: Key, pair_sd: float | None) -> float | None:
    rule, said, k, margin, shift = key
    if rule != "pairs" or pair_sd is None:
        return None
    distance = math.log1p(shift) - math.log1p(margin)
    return round(power(distance if said == "FAIL" else -distance, pair_sd, k), 4)
