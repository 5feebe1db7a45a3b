"""Which numbered batches of a worker have arrived, and which intervals they were of."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(slots=True)
class _Run:
    """Batches without a gap: their first and last numbers, and the intervals of those two."""

    first: int
    last: int
    first_interval: int
    last_interval: int


class ReceivedBatches:
    """The sequence numbers seen so far, in memory that grows with the gaps only."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    @property
    def last_sequence(self) -> int:
        """The highest number seen, or -1."""
        return self._runs[-1].last if self._runs else -1

    @property
    def last_interval(self) -> int:
        """The latest interval reported, or -1."""
        return self._runs[-1].last_interval if self._runs else -1

    def holds(self, sequence: int) -> bool:
        position = self._position(sequence)
        return position > 0 and self._runs[position - 1].last >= sequence

    def fits(self, sequence: int, interval: int) -> bool:
        """True if the intervals would still rise with the numbers."""
        position = self._position(sequence)
        after = position == 0 or self._runs[position - 1].last_interval <= interval
        before = position == len(self._runs) or interval <= self._runs[position].first_interval
        return after and before

    def add(self, sequence: int, interval: int) -> None:
        """Take note of a batch that is not held and fits."""
        position = self._position(sequence)
        self._runs.insert(position, _Run(sequence, sequence, interval, interval))
        self._join(position)
        if position > 0:
            self._join(position - 1)

    def missing_intervals(self) -> tuple[int, ...]:
        """The intervals that missing batches were of.

        A worker that was held up sends two batches for neighbouring seconds at once, or one for
        both; so where no whole second lies between two batches, the one after the gap is named.
        """
        intervals: list[int] = []
        before = -1
        missing_from = 0
        for run in self._runs:
            if run.first > missing_from:
                between = range(before + 1, run.first_interval)
                intervals.extend(between or (run.first_interval,))
            before = run.last_interval
            missing_from = run.last + 1
        return tuple(intervals)

    def _position(self, sequence: int) -> int:
        return bisect_right(self._runs, sequence, key=lambda run: run.first)

    def _join(self, position: int) -> None:
        if position + 1 == len(self._runs):
            return
        left, right = self._runs[position], self._runs[position + 1]
        if left.last + 1 == right.first:
            left.last, left.last_interval = right.last, right.last_interval
            del self._runs[position + 1]
