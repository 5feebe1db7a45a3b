"""Looking at the pairs, and once more at twice as many: how often both together are wrong."""

from __future__ import annotations

import math
from random import Random

from atlas_perf.judge.comparison.decision import paired
from atlas_perf.model.comparison import Terms

SESSIONS = 3000
MARGIN = math.log1p(Terms().margin)
CHANCE = 3 * math.sqrt(0.05 * 0.95 / SESSIONS)


def wrong(alpha: float, pairs: int) -> tuple[float, float]:
    """Shares of false FAILs and of false PASSes of builds that differ by just the margin."""
    random = Random(pairs)
    fails = passes = 0
    for _ in range(SESSIONS):
        differences: list[float] = []
        for _look in range(2):
            differences += [random.gauss(MARGIN, 0.06) for _ in range(pairs)]
            found = paired(differences)
            failed = found.p_regressed(MARGIN) <= alpha
            passed = found.p_non_inferior(MARGIN) < alpha
            fails, passes = fails + failed, passes + passed
            if failed or passed:
                break
    return fails / SESSIONS, passes / SESSIONS


def test_two_looks_with_half_the_error_each_are_wrong_no_more_often() -> None:
    for pairs in (3, 5):
        assert max(wrong(Terms().alpha / 2, pairs)) < 0.05 + CHANCE


def test_two_looks_with_the_whole_error_each_are() -> None:
    assert min(wrong(Terms().alpha, 3)) > 0.05 + CHANCE
