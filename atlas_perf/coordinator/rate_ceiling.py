"""The ceiling on requests a second, held over every whole second that all workers have reported."""

from __future__ import annotations

import math
from collections.abc import Iterator

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.events import CeilingBroken
from atlas_perf.model.plan import RateCeiling, TestPlan

_ROUNDING = 1e-6
"""More than what is left of a whole number that was cut into parts and added up again."""


class CeilingWatch:
    """Looks at each second once, when it is complete."""

    def __init__(self, ceiling: RateCeiling) -> None:
        self._most = ceiling.per_s
        self._next_s = 0

    def broken(self, aggregator: Aggregator) -> CeilingBroken | None:
        """What ends the run: the first new second that had more requests than may be."""
        newest = aggregator.newest_complete_second
        seconds, self._next_s = range(self._next_s, newest + 1), newest + 1
        for second in seconds:
            # A part of a request is of one that may as well have been made in the next second.
            requests = math.floor(aggregator.requests_in(second) + _ROUNDING)
            if requests > self._most:
                return CeilingBroken(requests, second)
        return None


def ceiling_reason(plan: TestPlan, broken: CeilingBroken | None) -> Iterator[str]:
    """Why the run proves nothing: it was ended before its end."""
    if broken is not None and plan.rate_ceiling is not None:
        yield (
            f"The run was ended for its {broken.requests:,} requests in second {broken.second}, "
            f"more than max_rate_per_s = {plan.rate_ceiling.per_s:g} of {plan.rate_ceiling.place} "
            "allows: offer less load, or raise the ceiling there."
        )
