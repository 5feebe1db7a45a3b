"""Who may give which rows of the unique feeds: ranges leased to workers, each row to one of them.

A row is in one place at a time: not leased yet, spare (leased once, handed back unused), or with
one worker. Ranges are cut smaller the fewer rows are left, and once none is left, those who hold
some are asked to hand back what they have not given to a user; so a row is out of reach of those
who need one only if its worker has died. Rows of a lost worker are not given to anybody else:
nobody knows which of them its users have had. A feed that recycles its rows begins a new lap only
when all rows of the last one have been given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from atlas_perf.model.feed import FeedPer, FeedPlan, OnExhausted
from atlas_perf.wire.control import (
    AskRows,
    NoRows,
    RecallRows,
    RowsLeased,
    RowsReturned,
    RowsToCoordinator,
    RowsToWorker,
)

MOST_AT_ONCE = 1024
"""Rows of one lease: some tens of milliseconds of the fastest worker, and ten bytes of a pipe."""

Told = tuple[int, RowsToWorker]
"""A worker and what it is told."""


@dataclass(slots=True)
class _Leases:
    """One feed's rows."""

    plan: FeedPlan
    workers: int
    fresh: int = 0  # the first row that was never leased
    spare: deque[tuple[int, int]] = field(default_factory=deque)  # first and count of ranges
    holders: set[int] = field(default_factory=set)  # workers that may have rows left
    recalled: set[int] = field(default_factory=set)  # those asked to hand rows back
    leased_since: set[int] = field(default_factory=set)  # those that got rows after they were asked
    waiting: dict[int, int] = field(default_factory=dict)  # worker -> its users without a row
    laps: int = 0  # how often all rows have been given
    exhausted: bool = False  # somebody was told that nothing is left

    def lease(self, worker: int, waiting: int) -> tuple[int, int] | None:
        """The next range for a worker with so many users waiting, or None."""
        cut = self._cut(waiting)
        if cut is not None:
            self.holders.add(worker)
            self.leased_since.add(worker)
        return cut

    def recall(self) -> list[int]:
        """Those to ask for rows."""
        self.recalled = set(self.holders)
        self.leased_since.clear()
        return sorted(self.holders)

    def returned(self, worker: int, first: int, count: int) -> None:
        """An answer to a recall."""
        self.recalled.discard(worker)
        if count:
            self.spare.append((first, count))
        elif worker not in self.leased_since:  # else the answer crossed with a lease
            self.holders.discard(worker)

    def _cut(self, waiting: int) -> tuple[int, int] | None:
        left = self.plan.rows - self.fresh + sum(count for _, count in self.spare)
        if not left:
            return None
        size = min(MOST_AT_ONCE, max(1, left // (2 * self.workers)))
        if self.plan.per is FeedPer.VU:  # a user takes one row only: a range would lie about
            size = min(size, waiting)
        if self.spare:
            first, count = self.spare.popleft()
            taken = min(size, count)
            if taken < count:
                self.spare.appendleft((first + taken, count - taken))
            return first, taken
        first = self.fresh
        self.fresh += size
        return first, size


class RowLeases:
    """The leases of all feeds of a run; messages of workers in, messages to workers out."""

    def __init__(self, feeds: Sequence[FeedPlan], workers: int) -> None:
        self._feeds = [_Leases(plan, workers) for plan in feeds]

    @property
    def exhausted(self) -> tuple[FeedPlan, ...]:
        """Feeds that had no row left for a user that asked."""
        return tuple(leases.plan for leases in self._feeds if leases.exhausted)

    @property
    def recycled(self) -> tuple[FeedPlan, ...]:
        """Feeds whose rows began to be given a second time."""
        return tuple(leases.plan for leases in self._feeds if leases.laps)

    def take(self, worker: int, message: RowsToCoordinator) -> list[Told]:
        """What to tell whom.

        Raises:
            LookupError: there is no such feed.
        """
        leases = dict(enumerate(self._feeds))[message.feed]
        match message:
            case AskRows(waiting=waiting):
                return self._asked(message.feed, leases, worker, waiting)
            case RowsReturned(first=first, count=count):
                leases.returned(worker, first, count)
        return list(self._serve(message.feed, leases))

    def lose(self, worker: int) -> list[Told]:
        """The worker is gone, and its rows with it: what that means for those who wait."""
        told: list[Told] = []
        for feed, leases in enumerate(self._feeds):
            for workers in (leases.holders, leases.recalled):
                workers.discard(worker)
            leases.waiting.pop(worker, None)
            told.extend(self._serve(feed, leases))
        return told

    def _asked(self, feed: int, leases: _Leases, worker: int, waiting: int) -> list[Told]:
        if waiting:  # it has none itself
            leases.holders.discard(worker)
            leases.waiting[worker] = waiting
            return list(self._serve(feed, leases))
        cut = leases.lease(worker, waiting)
        if cut is None:
            return [(worker, NoRows(feed, final=False))]
        return [(worker, RowsLeased(feed, *cut))]

    def _serve(self, feed: int, leases: _Leases) -> Iterator[Told]:
        """Give those who wait what there is, ask others for theirs, or say that there is none."""
        while leases.waiting:
            worker, waiting = next(iter(leases.waiting.items()))
            cut = leases.lease(worker, waiting)
            if cut is not None:
                del leases.waiting[worker]
                yield worker, RowsLeased(feed, *cut)
            elif leases.recalled:
                return  # their answers will tell
            elif leases.holders:
                for holder in leases.recall():
                    yield holder, RecallRows(feed)
                return
            elif leases.plan.on_exhausted is OnExhausted.RECYCLE:
                leases.laps += 1
                leases.fresh = 0
            else:
                leases.exhausted = True
                del leases.waiting[worker]
                yield worker, NoRows(feed, final=True)
