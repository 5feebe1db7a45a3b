"""Is it the target that was measured, or the generator? Answered from a calibration.

A calibration says what the generator measures of a server that takes no time, and how many
requests it can make at all. Figures that are not clear of both are its own.
"""

from __future__ import annotations

from collections.abc import Iterator

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


def _of_floor(calibration: Calibration, snapshot: Snapshot) -> Iterator[str]:
    took = snapshot.total(Selector("http_req_duration"))
    floor_ns = calibration.service_p50_ms * NS_PER_MS
    if not isinstance(took, TrendTotal):
        return
    median_ns = took.distribution.quantile(0.5)
    if median_ns < FLOOR_FACTOR * floor_ns:
        yield (
            f"Half of the requests took less than {format_duration(median_ns)}, within "
            f"{FLOOR_FACTOR:g} times of the {format_duration(floor_ns)} that this generator "
            "measures of a server that takes no time: most of that is its own time, and nothing "
            "is known of the target. Use a faster or less busy machine, or a lower rate."
        )


def _of_rate(calibration: Calibration, snapshot: Snapshot) -> Iterator[str]:
    """By windows: an average over ramps and pauses would hide the rate that was reached."""
    limit_per_s = RATE_SHARE_LIMIT * calibration.max_per_s
    windows = [(one.requests, one.requests / one.length_s) for one in snapshot.windows()]
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
