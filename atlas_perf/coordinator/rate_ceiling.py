"""The ceiling on requests a second, held over every whole second that all workers have reported."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.events import CeilingBroken
from atlas_perf.coordinator.reading import newest_complete_window
from atlas_perf.model.plan import RateCeiling, TestPlan
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import CounterTotal
from atlas_perf.model.summary import Window


def broken_ceiling(ceiling: RateCeiling | None, aggregator: Aggregator) -> CeilingBroken | None:
    """What ends the run, if its newest whole second had more requests than may be."""
    if ceiling is None:
        return None
    window = newest_complete_window(aggregator)
    if window is None:
        return None
    requests = window.requests + _of_websockets(window, aggregator)
    if requests <= ceiling.per_s * window.length_s:
        return None
    return CeilingBroken(requests, window.second)


def _of_websockets(window: Window, aggregator: Aggregator) -> int:
    """What a target has to serve besides HTTP: sessions that begin, and messages sent to it."""
    if window.length_s != 1:
        return 0  # an old one, which was looked at when it was new
    totals = (
        aggregator.total_between(Selector(name), window.second, window.second + 1)
        for name in ("ws_sessions", "ws_msgs_sent")
    )
    return round(sum(total.total for total in totals if isinstance(total, CounterTotal)))


def ceiling_reason(plan: TestPlan, broken: CeilingBroken | None) -> Iterator[str]:
    """Why the run proves nothing: it was ended before its end."""
    if broken is not None and plan.rate_ceiling is not None:
        yield (
            f"The run was ended for its {broken.requests:,} requests in second {broken.second}, "
            f"more than max_rate_per_s = {plan.rate_ceiling.per_s:g} of {plan.rate_ceiling.place} "
            "allows: offer less load, or raise the ceiling there."
        )
