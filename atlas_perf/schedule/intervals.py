"""Sets of instants as sorted intervals [begin, end) that do not touch; integers, of nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]


def united(intervals: Iterable[Interval]) -> Intervals:
    """All the instants that are in any of these; empty intervals are left out."""
    found: list[Interval] = []
    for begin, end in sorted(intervals):
        if begin >= end:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def without(intervals: Intervals, taken: Intervals) -> Intervals:
    """What is left of sorted intervals when those of another set are taken out."""
    left: list[Interval] = []
    for begin, end in intervals:
        reached = begin
        for taken_begin, taken_end in taken:
            if taken_end > reached and taken_begin < end:
                left.append((reached, taken_begin))
                reached = taken_end
        left.append((reached, end))
    return united(left)


def length(intervals: Intervals) -> int:
    """How much time they are together."""
    return sum(end - begin for begin, end in intervals)


def covers(intervals: Intervals, begin: int, end: int) -> bool:
    """True if one of them holds all of [begin, end)."""
    return any(first <= begin and end <= last for first, last in intervals)
