"""Why a loop stood still, and how stalls are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.model.batch import StallCause
from atlas_perf.worker.loop_lag import Lag
from atlas_perf.worker.stall_log import MAX_PLACES, Sighting, StallLog, cause_of

MS = 1_000_000

SEEN = Sighting(7, "shop.py", 14, "time.sleep(1)", "the stack", in_scenario=True)


def lag(late_ms: int = 200, *, cpu_ms: int = 0, waited_ms: int = 0, gc_ms: int = 0) -> Lag:
    return Lag(7, late_ms * MS, cpu_ms * MS, waited_ms * MS, gc_ms * MS)


@pytest.mark.parametrize(
    ("of", "sighting", "cause"),
    [
        (lag(), SEEN, StallCause.BLOCKING),
        (lag(cpu_ms=200), SEEN, StallCause.BLOCKING),
        (lag(cpu_ms=200), replace(SEEN, late_ns=150 * MS), StallCause.BLOCKING),  # a C call's end
        (lag(cpu_ms=200), replace(SEEN, moved=True), StallCause.BUSY),
        (lag(cpu_ms=200), replace(SEEN, in_scenario=False), StallCause.BUSY),
        (lag(cpu_ms=200), None, StallCause.HELD),
        (lag(), None, StallCause.STOPPED),
        (lag(), replace(SEEN, late_ns=150 * MS), StallCause.STOPPED),
        (lag(waited_ms=120, cpu_ms=80), SEEN, StallCause.CPU_WAIT),
        (lag(gc_ms=120, cpu_ms=200), SEEN, StallCause.GC),
    ],
)
def test_the_cause_is_what_the_thread_did_and_where_it_was_seen(of, sighting, cause):
    assert cause_of(of, sighting) is cause


def test_stalls_at_one_place_are_counted_together():
    log = StallLog()
    for late_ms in (200, 500, 300):
        log.record(lag(late_ms), replace(SEEN, stack=f"of {late_ms}"))
    (stall,) = log.snapshot()
    assert (stall.file, stall.line, stall.code) == ("shop.py", 14, "time.sleep(1)")
    assert (stall.count, stall.total_ns, stall.longest_ns) == (3, 1000 * MS, 500 * MS)
    assert stall.stack == "of 200"


def test_a_cause_that_is_no_place_has_none():
    log = StallLog()
    log.record(lag(gc_ms=200), SEEN)
    (stall,) = log.snapshot()
    assert (stall.cause, stall.file, stall.line, stall.stack) == (StallCause.GC, "", 0, "")


def test_beyond_the_cap_places_are_counted_and_told_apart_no_more():
    log = StallLog()
    for line in range(MAX_PLACES + 5):
        log.record(lag(), replace(SEEN, line=line))
    stalls = log.snapshot()
    assert len(stalls) == MAX_PLACES + 1
    assert (stalls[-1].cause, stalls[-1].count, stalls[-1].file) == (StallCause.OTHER, 5, "")
    assert sum(stall.count for stall in stalls) == MAX_PLACES + 5
