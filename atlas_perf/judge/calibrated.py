"""Is it the target that was measured, or the generator? Answered from a calibration.

A calibration says what the generator measures of a server that takes no time, and how many
requests it can make at all. Figures that are not clear of both are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import CounterTotal, Snapshot, TrendTotal
from atlas_perf.model.summary import Calibration
from atlas_perf.units import NS_PER_MS, format_bytes, format_duration

FLOOR_FACTOR = 2.0
"""Below this many times the floor, most of a latency is the generator's own time."""

RATE_SHARE_LIMIT = 0.8
"""Above this share of its maximum a generator queues its own work, and latencies show that."""

BUSY_REQUESTS_SHARE = 0.05
"""Up to so many requests made above that rate do not move a p(95)."""

PAYLOAD_FACTOR = 4.0
"""Answers so much larger than the null server's cost the generator more than it was told."""


def calibration_reasons(calibration: Calibration | None, snapshot: Snapshot) -> Iterator[str]:
    """A sentence for each limit of the generator that the run came too close to."""
    if calibration is not None:
        yield from _of_floor(calibration, snapshot)
        yield from _of_rate(calibration, snapshot)


def calibration_notes(calibration: Calibration | None, snapshot: Snapshot) -> Iterator[str]:
    """What makes the calibration itself doubtful; it changes no verdict."""
    if calibration is None:
        return
    received = snapshot.total(Selector("data_received"))
    requests = snapshot.total(Selector("http_reqs"))
    if not isinstance(received, CounterTotal) or not isinstance(requests, CounterTotal):
        return
    each_bytes = received.total / requests.total
    if each_bytes > PAYLOAD_FACTOR * max(calibration.payload_bytes, 1_000):
        yield (
            f"the calibration had answers of {format_bytes(calibration.payload_bytes)} and the "
            f"target's were {format_bytes(each_bytes)} on average: the generator's own limits are "
            f"lower than it says; calibrate with --payload {round(each_bytes)}"
        )


def doubt_of_rate(calibration: Calibration, planned_per_s: float | None) -> str | None:
    """What is known against a planned rate before the first request, if it is too high."""
    if planned_per_s is None or planned_per_s <= RATE_SHARE_LIMIT * calibration.max_per_s:
        return None
    return (
        f"the planned {planned_per_s:,.0f}/s are over {RATE_SHARE_LIMIT * 100:g} % of the "
        f"{calibration.max_per_s:,.0f}/s that this generator can do: if they are reached, the run "
        "is INVALID"
    )


def floor_p50_ms(calibration: Calibration, per_s: float) -> float:
    """The generator's own median at a rate: on a straight line between those that were measured.

    Queues grow faster than on a straight line, so it is rather too high than too low between them;
    beyond them it is that of the nearest.
    """
    floors = calibration.floors
    for below, above in pairwise(floors):
        if below.rate_per_s <= per_s <= above.rate_per_s:
            share = (per_s - below.rate_per_s) / (above.rate_per_s - below.rate_per_s)
            return below.service_p50_ms + share * (above.service_p50_ms - below.service_p50_ms)
    return floors[0 if per_s < floors[0].rate_per_s else -1].service_p50_ms


def _of_floor(calibration: Calibration, snapshot: Snapshot) -> Iterator[str]:
    took = snapshot.total(Selector("http_req_duration"))
    if not isinstance(took, TrendTotal):
        return
    median_ns = took.at_least.quantile(0.5)
    per_s = _usual_rate(snapshot)
    floor_ns = floor_p50_ms(calibration, per_s) * NS_PER_MS
    if median_ns < FLOOR_FACTOR * floor_ns:
        yield (
            f"Half of the requests took less than {format_duration(median_ns)}, within "
            f"{FLOOR_FACTOR:g} times of the {format_duration(floor_ns)} that this generator "
            f"measures of a server that takes no time (at {per_s:,.0f}/s): most of that is its own "
            "time, and little is known of the target. Use a faster or less busy machine, or a "
            "lower rate."
        )


def _usual_rate(snapshot: Snapshot) -> float:
    """The rate that requests were made at, averaged over requests: pauses do not lower it."""
    windows = snapshot.windows()
    whole = sum(one.requests for one in windows)
    return sum(one.requests * one.requests_per_s for one in windows) / whole if whole else 0.0


def _of_rate(calibration: Calibration, snapshot: Snapshot) -> Iterator[str]:
    """By windows: an average over ramps and pauses would hide the rate that was reached."""
    limit_per_s = RATE_SHARE_LIMIT * calibration.max_per_s
    windows = [(one.requests, one.requests_per_s) for one in snapshot.windows()]
    busy = sum(requests for requests, per_s in windows if per_s > limit_per_s)
    whole = sum(requests for requests, _ in windows)
    if busy > BUSY_REQUESTS_SHARE * whole:
        yield (
            f"{busy / whole * 100:.0f} % of the requests were made at over "
            f"{RATE_SHARE_LIMIT * 100:g} % of the {calibration.max_per_s:,.0f}/s that this "
            f"generator can do at most ({max(per_s for _, per_s in windows):,.0f}/s in the "
            "busiest second): their latencies show its own queues. Use more processes where cores "
            "are free, a lower rate or another machine."
        )
