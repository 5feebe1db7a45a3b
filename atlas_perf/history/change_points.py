"""Change points by Apache Otava: windowed E-divisive splits, kept if a t-test and a margin agree.

Fleming et al., "Hunter: Using Change Point Detection to Hunt for Performance Regressions" (2023).
Only its analysis is imported, and only here: it stands on numpy and scipy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from atlas_perf.errors import UsageError

P_VALUE = 0.001
WINDOW_POINTS = 50


@dataclass(frozen=True, slots=True)
class Split:
    """Where two levels meet."""

    index: int  # of the first value of the second
    before: float
    after: float
    p_value: float


def require_library() -> None:
    """Say how to install what finds change points, if it is not there.

    Raises:
        UsageError: it is not.
    """
    if find_spec("otava") is None:
        raise UsageError(
            "finding change points needs a library that is not installed: "
            "pip install 'atlas-perf[history]'"
        )


def change_points(values: Sequence[float], *, least_ratio: float) -> list[Split]:
    """Where the level of a series changes.

    Args:
        values: none of them negative.
        least_ratio: a level that differs by less of itself is the same; 0 for any difference.
    """
    from otava.analysis import compute_change_points  # noqa: PLC0415 - an optional extra

    found, _ = compute_change_points(
        [float(value) for value in values],
        window_len=WINDOW_POINTS,
        max_pvalue=P_VALUE,
        min_magnitude=least_ratio,
    )
    return [
        Split(
            int(one.index),
            float(one.stats.mean_1),
            float(one.stats.mean_2),
            float(one.stats.pvalue),
        )
        for one in found
    ]
