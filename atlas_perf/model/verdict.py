"""The one word a run ends with, and how several words become one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from atlas_perf.errors import ExitCode


class Verdict(StrEnum):
    """In order of precedence: the first that holds is the run's verdict."""

    INVALID = "INVALID"  # the run proves nothing
    FAIL = "FAIL"  # a criterion was not met
    NO_DATA = "NO_DATA"  # a criterion had no samples to judge
    NO_BASELINE = "NO_BASELINE"  # nothing to compare with
    INCONCLUSIVE = "INCONCLUSIVE"  # neither a regression nor its absence can be shown
    PASS = "PASS"

    @property
    def exit_code(self) -> ExitCode:
        """The code for this verdict alone; an interrupted run exits 130 whatever its verdict."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Verdict.INVALID: ExitCode.INVALID,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.NO_DATA: ExitCode.NO_DATA,
    Verdict.NO_BASELINE: ExitCode.NO_DATA,
    Verdict.INCONCLUSIVE: ExitCode.PASS,
    Verdict.PASS: ExitCode.PASS,
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of the whole: the one that comes first in `Verdict`'s order.

    Raises:
        ValueError: if there is none, since nothing judged is not a pass.
    """
    order = list(Verdict)
    return min(verdicts, key=order.index)


_COMFORT = re.compile(
    r"The one criterion was met\.|All \d+ criteria were met\.|"
    r"The one baseline was held\.|All \d+ baselines held\."
)


def is_comfort(sentence: str) -> bool:
    """True for a reason that only a PASS has: that everything was met or held."""
    return _COMFORT.fullmatch(sentence) is not None
