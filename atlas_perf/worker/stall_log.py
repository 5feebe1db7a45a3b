"""Standstills of the event loop by place: what a scenario did while nobody else could move."""

from __future__ import annotations

from dataclasses import dataclass, replace

from atlas_perf.model.batch import Stall, StallCause
from atlas_perf.worker.loop_lag import Lag

MAX_PLACES = 20
"""Places that are told apart. Stalls at further ones are counted together."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where the loop's thread was seen while the loop stood still."""

    due_ns: int  # what the loop should have called: tells one stall from the next
    file: str
    line: int
    code: str
    stack: str
    in_scenario: bool  # the place is the user's own; else the innermost line of anybody's
    moved: bool = False  # seen at another place later in the same stall
    late_ns: int = 0  # how much later than it meant to the watcher could look


class StallLog:
    """Counts stalls by cause and place; the first stack of each is kept."""

    def __init__(self) -> None:
        self._seen: dict[tuple[StallCause, str, int], Stall] = {}

    def record(self, lag: Lag, sighting: Sighting | None) -> None:
        """Count a stall that is over, and where its loop was seen meanwhile, if it was."""
        cause = cause_of(lag, sighting)
        shown = sighting if cause in (StallCause.BLOCKING, StallCause.BUSY) else None
        stall = Stall(
            cause=cause,
            file="" if shown is None else shown.file,
            line=0 if shown is None else shown.line,
            code="" if shown is None else shown.code,
            count=0,
            total_ns=0,
            longest_ns=0,
            stack="" if shown is None else shown.stack,
        )
        key = (cause, stall.file, stall.line)
        if key not in self._seen and len(self._seen) >= MAX_PLACES:
            key = (StallCause.OTHER, "", 0)
            stall = Stall(StallCause.OTHER, "", 0, "", 0, 0, 0, "")
        known = self._seen.get(key, stall)
        self._seen[key] = replace(
            known,
            count=known.count + 1,
            total_ns=known.total_ns + lag.late_ns,
            longest_ns=max(known.longest_ns, lag.late_ns),
        )

    def snapshot(self) -> tuple[Stall, ...]:
        """Every place so far, in order of first appearance."""
        return tuple(self._seen.values())


def cause_of(lag: Lag, sighting: Sighting | None) -> StallCause:
    """Why the loop stood still, from what its thread did and where it was seen."""
    half_ns = lag.late_ns // 2
    if lag.gc_ns >= half_ns:
        return StallCause.GC
    if lag.waited_ns >= half_ns:
        return StallCause.CPU_WAIT
    if lag.cpu_ns < half_ns and (sighting is None or sighting.late_ns >= half_ns):
        return StallCause.STOPPED  # not even the watcher ran
    if sighting is None:
        return StallCause.HELD
    if sighting.moved or not sighting.in_scenario:
        return StallCause.BUSY
    return StallCause.BLOCKING
