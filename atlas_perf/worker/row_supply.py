"""Which row of a feed is a user's next, by the feed's mode: the parts that one worker has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from atlas_perf.model.feed import FeedPer, FeedPlan
from atlas_perf.scripting.feeds import FeedUser, RowNumber
from atlas_perf.wire.control import AskRows, RowsReturned, RowsToCoordinator


class CircularRows:
    """In order, again and again; of n workers each takes every n-th turn.

    No worker asks another: in step they give the rows in order, out of step the faster ones are
    ahead. A user that keeps its row has that of its number, whichever worker it lives on.
    """

    def __init__(self, plan: FeedPlan, *, worker: int, workers: int) -> None:
        self._plan = plan
        self._next = worker
        self._step = workers

    def take(self, user: FeedUser) -> int:
        if self._plan.per is FeedPer.VU:
            return (user.id - 1) % self._plan.rows
        turn = self._next
        self._next += self._step
        return turn % self._plan.rows


class RandomRows:
    """Any row, by the user's own random numbers: the same again with the same seed."""

    def __init__(self, plan: FeedPlan) -> None:
        self._rows = plan.rows

    def take(self, user: FeedUser) -> int:
        return user.random.randrange(self._rows)


class LeasedRows:
    """Rows that no other worker gives, in ranges that the coordinator leases.

    The next range is asked for when half of the last one is left, so that users do not wait.
    """

    def __init__(
        self, feed: int, plan: FeedPlan, *, tell: Callable[[RowsToCoordinator], None]
    ) -> None:
        self._feed = feed
        self._plan = plan
        self._tell = tell
        self._ranges: deque[range] = deque()
        self._left = 0
        self._ask_below = 0
        self._asked = False
        self._dry = False  # nothing was to be had ahead of need: ask again when there is need
        self._exhausted = False
        self._waiting: deque[asyncio.Future[RowNumber]] = deque()

    def take(self, _user: FeedUser) -> RowNumber | asyncio.Future[RowNumber]:
        if self._left:
            number = self._pop()
            if self._left < self._ask_below and not self._dry:
                self.ask_ahead()
            return number
        if self._exhausted:
            return None
        future: asyncio.Future[RowNumber] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._ask()
        return future

    def ask_ahead(self) -> None:
        """Have rows when they are needed; a feed of one row a user is asked as users come."""
        if self._plan.per is not FeedPer.VU and not self._asked:
            self._asked = True
            self._tell(AskRows(self._feed, 0))

    def leased(self, first: int, count: int) -> None:
        """The coordinator has given these rows."""
        self._asked = self._dry = False
        self._ranges.append(range(first, first + count))
        self._left += count
        self._ask_below = (count + 1) // 2
        while self._waiting and self._left:
            self._waiting.popleft().set_result(self._pop())
        if self._waiting:
            self._ask()

    def none_left(self, *, final: bool) -> None:
        """The coordinator has none now or, if `final`, for nobody any more."""
        self._asked = False
        self._dry = True
        self._exhausted = final
        if not final:
            if self._waiting:
                self._ask()
            return
        while self._waiting:
            self._waiting.popleft().set_result(None)

    def hand_back(self) -> None:
        """Others wait: give back half of what is left, or say that nothing is."""
        if not self._left:
            self._tell(RowsReturned(self._feed, 0, 0))
            return
        last = self._ranges.pop()
        kept = min(len(last) - 1, len(last) // 2)
        if kept:
            self._ranges.append(last[:kept])
        back = last[kept:]
        self._left -= len(back)
        self._tell(RowsReturned(self._feed, back.start, len(back)))

    def _pop(self) -> int:
        rows = self._ranges.popleft()
        if len(rows) > 1:
            self._ranges.appendleft(rows[1:])
        self._left -= 1
        return rows.start

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            self._tell(AskRows(self._feed, len(self._waiting)))
