"""Rows of unique feeds between the coordinator and its workers, message by message.

The real two halves talk through queues that a test delivers from in any order of workers, so that
messages cross wherever they can; users are counted, not run.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas_perf.coordinator.row_leases import MOST_AT_ONCE, RowLeases
from atlas_perf.model.feed import FeedPer, FeedPlan, OnExhausted
from atlas_perf.wire.control import AskRows, NoRows, RecallRows, RowsLeased, RowsReturned
from atlas_perf.worker.row_supply import LeasedRows

USER = SimpleNamespace(id=1, iteration=0, random=None)


class Workshop:
    """A coordinator's leases and workers' supplies, and the pipes between them."""

    def __init__(self, plan: FeedPlan, workers: int) -> None:
        self.leases = RowLeases([plan], workers)
        self.up = [deque() for _ in range(workers)]
        self.down = [deque() for _ in range(workers)]
        self.supplies = [LeasedRows(0, plan, tell=pipe.append) for pipe in self.up]
        self.waiting: list[tuple[int, asyncio.Future]] = []
        self.given: list[tuple[int, int]] = []  # worker and row
        self.refused = 0
        self.dead: set[int] = set()

    def take(self, worker: int) -> None:
        if worker not in self.dead:
            self.note(worker, self.supplies[worker].take(USER))

    def note(self, worker: int, taken) -> None:
        if isinstance(taken, asyncio.Future):
            self.waiting.append((worker, taken))
        elif taken is None:
            self.refused += 1
        else:
            self.given.append((worker, taken))

    def deliver(self, worker: int, *, up: bool) -> bool:
        """One message of a pipe, if there is one."""
        pipe = (self.up if up else self.down)[worker]
        if not pipe or worker in self.dead:
            return False
        message = pipe.popleft()
        if up:
            self.tell(self.leases.take(worker, message))
            return True
        supply = self.supplies[worker]
        match message:
            case RowsLeased(first=first, count=count):
                supply.leased(first, count)
            case NoRows(final=final):
                supply.none_left(final=final)
            case RecallRows():
                supply.hand_back()
        still, self.waiting = self.waiting, []
        for waiter, future in still:
            self.note(waiter, future.result() if future.done() else future)
        return True

    def tell(self, told) -> None:
        for worker, message in told:
            self.down[worker].append(message)

    def kill(self, worker: int) -> None:
        self.dead.add(worker)
        self.waiting = [(one, future) for one, future in self.waiting if one != worker]
        self.tell(self.leases.lose(worker))

    def settle(self) -> None:
        """Deliver until nothing is under way."""
        while any(
            [self.deliver(worker, up=up) for worker in range(len(self.up)) for up in (True, False)]
        ):
            pass


STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "take", "take", "up", "down"]), st.integers(0, 3)),
    max_size=300,
)


def act(shop: Workshop, steps) -> None:
    for what, worker in steps:
        if what == "take":
            shop.take(worker)
        else:
            shop.deliver(worker, up=what == "up")


async def of_loop(function) -> None:
    function()


@settings(deadline=None)
@given(st.integers(1, 120), st.sampled_from(FeedPer), STEPS)
def test_each_row_is_given_once_and_only_then_is_there_none(rows, per, steps) -> None:
    def check() -> None:
        shop = Workshop(FeedPlan("users", rows, per=per), 4)
        for supply in shop.supplies:
            supply.ask_ahead()
        act(shop, steps)
        for _ in range(rows + 1):  # and then one worker wants all the rest
            shop.take(2)
            shop.settle()
        assert sorted(row for _, row in shop.given) == list(range(rows))
        taken = sum(what == "take" for what, _ in steps) + rows + 1
        assert (shop.refused, shop.waiting) == (taken - rows, [])
        assert shop.leases.exhausted

    asyncio.run(of_loop(check))


@settings(deadline=None)
@given(st.integers(4, 120), STEPS, STEPS)
def test_rows_of_a_dead_worker_are_not_given_again_and_keep_nobody_waiting(rows, first, then):
    def check() -> None:
        shop = Workshop(FeedPlan("users", rows), 4)
        act(shop, first)
        shop.kill(1)
        act(shop, then)
        shop.settle()
        for _ in range(rows + 1):
            shop.take(2)
            shop.settle()
        assert shop.waiting == []
        assert max(Counter(row for _, row in shop.given).values()) == 1

    asyncio.run(of_loop(check))


@settings(deadline=None)
@given(st.integers(1, 20), STEPS)
def test_recycled_rows_are_given_lap_by_lap(rows, steps) -> None:
    def check() -> None:
        plan = FeedPlan("users", rows, on_exhausted=OnExhausted.RECYCLE)
        shop = Workshop(plan, 4)
        act(shop, steps)
        shop.settle()
        assert (shop.refused, shop.waiting) == (0, [])
        times = Counter(row for _, row in shop.given)
        laps = [times[row] for row in range(rows)]
        assert max(laps) - min(laps) <= 1
        assert bool(shop.leases.recycled) == (max(laps) > 1)

    asyncio.run(of_loop(check))


def test_an_answer_that_crossed_with_a_lease_does_not_hide_the_leased_rows() -> None:
    leases = RowLeases([FeedPlan("users", 60)], 3)
    leases.take(0, AskRows(0, waiting=0))
    while leases.take(1, AskRows(0, waiting=0)) != [(1, NoRows(0, final=False))]:
        pass
    assert leases.take(2, AskRows(0, waiting=1)) == [(0, RecallRows(0)), (1, RecallRows(0))]
    assert leases.take(0, AskRows(0, waiting=1)) == []  # sent before it heard of the recall
    told = dict(leases.take(1, RowsReturned(0, 20, 40)))
    assert told[0].count > 1
    assert leases.take(0, RowsReturned(0, 0, 0)) == []  # sent before it had the lease
    while RecallRows(0) not in told.values():
        told = dict(leases.take(2, AskRows(0, waiting=1)))
    assert 0 in told


def test_the_next_range_is_asked_for_before_the_last_one_is_used_up() -> None:
    def check() -> None:
        shop = Workshop(FeedPlan("users", 1000), 1)
        shop.supplies[0].ask_ahead()
        shop.settle()
        (size,) = {shop.supplies[0]._left}
        for _ in range(size // 2 + 1):
            assert not shop.up[0]
            shop.take(0)
        assert shop.up[0] == deque([AskRows(0, waiting=0)])
        assert shop.waiting == []

    asyncio.run(of_loop(check))


def test_ranges_are_large_while_there_are_many_and_small_when_few_are_left() -> None:
    leases = RowLeases([FeedPlan("users", 1_000_000)], 2)
    sizes = []
    while True:
        ((_, told),) = leases.take(0, AskRows(0, waiting=0))
        if isinstance(told, NoRows):
            break
        sizes.append(told.count)
    assert sizes[0] == MOST_AT_ONCE
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 1_000_000


def test_users_that_keep_their_row_take_no_more_than_they_need() -> None:
    leases = RowLeases([FeedPlan("users", 1000, per=FeedPer.VU)], 2)
    ((_, told),) = leases.take(0, AskRows(0, waiting=3))
    assert told == RowsLeased(0, first=0, count=3)


def test_there_is_no_feed_but_the_plans() -> None:
    leases = RowLeases([FeedPlan("users", 1)], 2)
    for feed in (-1, 1):
        with pytest.raises(LookupError):
            leases.take(0, AskRows(feed, waiting=0))
