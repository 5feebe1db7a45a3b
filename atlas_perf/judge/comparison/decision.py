"""The rule: from differences between candidate and base to regressed, non-inferior or undecided.

The unit is the run. Seconds and requests of one run are not independent of each other, and more of
them do not tell how much the next run of the same build will differ. What is tested is a
difference beyond a margin, not any difference:

    d_i = y_candidate,i - y_base,i      of the i-th pair, k pairs, df = k - 1
    se  = sd(d) / sqrt(k)
    REGRESSED      d - t(1 - alpha, df) se > margin     wrong at most alpha of the time
    NON_INFERIOR   d + t(1 - alpha, df) se < margin     wrong at most alpha of the time
    UNDECIDED      neither

Against history a unit is a session, the mean of its runs: n kept sessions and one of the candidate,
se = s sqrt(1/n + 1) with the deviation s of the kept ones, df = n - 1.

With one run per side y is taken of up to six windows of each (Ibragimov and Müller, "t-statistic
based correlation and heterogeneity robust inference", 2010), and how much runs of one build differ
is assumed, since one run cannot show it: that can only advise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev, variance

from atlas_perf.judge.comparison.student_t import t_above, t_quantile

LEAST_PAIRS = 3
LEAST_SESSIONS = 8
MOST_PAIRS_ADVISED = 100
_POWER = 0.8


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus base: of logarithms, or of shares, with its uncertainty."""

    mean: float
    se: float
    df: int
    deviation: float  # of one pair's difference; 0 where one run per side cannot tell

    def lower(self, alpha: float) -> float:
        """With probability 1 - alpha, the true difference is above."""
        return self.mean - t_quantile(1 - alpha, self.df) * self.se

    def upper(self, alpha: float) -> float:
        """With probability 1 - alpha, the true difference is below."""
        return self.mean + t_quantile(1 - alpha, self.df) * self.se

    def p_regressed(self, margin: float) -> float:
        """How likely a difference this large is, if the true one were the margin."""
        return t_above(self._distance(margin), self.df)

    def p_non_inferior(self, margin: float) -> float:
        """How likely a difference this small is, if the true one were the margin."""
        return t_above(-self._distance(margin), self.df)

    def _distance(self, margin: float) -> float:
        distance = self.mean - margin
        if self.se > 0:
            return distance / self.se
        return math.copysign(math.inf, distance) if distance else 0.0


def paired(differences: Sequence[float], *, least_se: float = 0.0) -> Difference:
    """Of `LEAST_PAIRS` or more pairs of runs.

    Args:
        least_se: what sampling alone must be off by; of shares, where all runs may have none.
    """
    k = len(differences)
    deviation = stdev(differences)
    se = max(deviation / math.sqrt(k), least_se)
    return Difference(fmean(differences), se, k - 1, max(deviation, least_se * math.sqrt(k)))


def against_history(
    sessions: Sequence[float], candidate: float, *, least_se: float = 0.0
) -> Difference:
    """Of the means of `LEAST_SESSIONS` or more kept sessions and of the candidate's one.

    Args:
        least_se: as of `paired`.
    """
    n, deviation = len(sessions), stdev(sessions)
    se = max(deviation * math.sqrt(1 / n + 1), least_se)
    # Runs of a pair share their session: a pair differs by no more than two sessions do.
    return Difference(
        candidate - fmean(sessions), se, n - 1, max(deviation * math.sqrt(2), least_se)
    )


def unpaired(
    base: Sequence[float], candidate: Sequence[float], *, run_sd: float, least_se: float = 0.0
) -> Difference:
    """Of one run per side: `base` and `candidate` are the values of windows of each."""
    squared = variance(base) / len(base) + variance(candidate) / len(candidate)
    se = math.sqrt(max(squared, least_se**2) + 2 * run_sd**2)
    df = min(len(base), len(candidate)) - 1
    return Difference(fmean(candidate) - fmean(base), se, df, 0.0)


def holm(probabilities: Sequence[float], alpha: float) -> list[bool]:
    """Which of several hypotheses fall so that none falls wrongly, with probability 1 - alpha."""
    fallen = [False] * len(probabilities)
    order = sorted(range(len(probabilities)), key=lambda one: probabilities[one])
    for rank, one in enumerate(order):
        if probabilities[one] > alpha / (len(order) - rank):
            break
        fallen[one] = True
    return fallen


def benjamini_hochberg(probabilities: Sequence[float], alpha: float) -> list[bool]:
    """Which of many stand out so that at most a share `alpha` of these does so by chance."""
    order = sorted(range(len(probabilities)), key=lambda one: probabilities[one])
    number = max(
        (
            rank
            for rank, one in enumerate(order, 1)
            if probabilities[one] <= alpha * rank / len(order)
        ),
        default=0,
    )
    chosen = set(order[:number])
    return [one in chosen for one in range(len(probabilities))]


def pairs_to_decide(difference: Difference, margin: float, alpha: float) -> int | None:
    """So many pairs would decide four times in five, were the true difference the one observed;
    None if it takes more than `MOST_PAIRS_ADVISED`."""
    distance = abs(difference.mean - margin)
    for k in range(LEAST_PAIRS, MOST_PAIRS_ADVISED + 1):
        reach = t_quantile(1 - alpha, k - 1) + t_quantile(_POWER, k - 1)
        if reach * difference.deviation / math.sqrt(k) <= distance:
            return k
    return None
