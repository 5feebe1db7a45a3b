"""Feeds: rows of test data for virtual users, each row given as often as the feed's mode says.

A feed is made while the scenario file is imported, at module level, in every process of a run. A
worker then binds it to the rows that are its part (`atlas_perf.worker.feeding`). Unbound, as in a
unit test, a feed gives every virtual user all of its rows in order.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Any, Generic, Literal, Protocol, TypeVar, cast, overload

from atlas_perf.choices import alternatives
from atlas_perf.errors import UsageError
from atlas_perf.model.feed import FeedMode, FeedPer, FeedPlan, OnExhausted
from atlas_perf.scripting.context import current_user
from atlas_perf.scripting.row_file import RowFile, layout_of

Row = TypeVar("Row")

_collection: ContextVar[list[Feed[Any]] | None] = ContextVar("feed_collection", default=None)


class FeedUser(Protocol):
    """What a feed needs to know of a virtual user."""

    id: int
    iteration: int

    @property
    def random(self) -> Random: ...


class FeedExhausted(Exception):
    """All rows of a unique feed have been given, and this user asked for one more."""

    def __init__(self, feed: FeedPlan) -> None:
        super().__init__(f"the feed {feed.name} has given all of its {feed.rows:,} rows")
        self.feed = feed


RowNumber = int | None
"""Of the row that a user gets, from 0; None if there is none left."""


class RowSupply(Protocol):
    """Says which row is next."""

    def take(self, user: FeedUser, /) -> RowNumber | asyncio.Future[RowNumber]:
        """The number of a row, at once or when it is known."""
        ...


@contextmanager
def collecting_feeds() -> Iterator[list[Feed[Any]]]:
    """Gather every feed made inside the block, in order."""
    collection: list[Feed[Any]] = []
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)


class Feed(Generic[Row]):
    """Rows of test data. `len(feed)` and `for row in feed` see all of them, also in `setup`."""

    def __init__(self, plan: FeedPlan, rows: Sequence[Row]) -> None:
        """Scenario files call `feed(...)`, which makes one."""
        self.plan = plan
        self._rows = rows
        self._supply: RowSupply = _AllRows(plan)
        self._held: dict[int, _Held[Row]] = {}
        collection = _collection.get()
        if collection is not None:
            collection.append(self)

    def bind(self, supply: RowSupply) -> None:
        """Take row numbers from there; what users hold is forgotten."""
        self._supply = supply
        self._held.clear()

    async def row(self, vu: FeedUser) -> Row:
        """The virtual user's row: another one each iteration, unless the feed says otherwise.

        Asked for again in the same iteration (`per="vu"`: ever) it is the same row; with
        `per="call"` every call takes another.

        Raises:
            FeedExhausted: the feed is unique, and has none left. With `on_exhausted="stop"` or
                "fail" the run ends with it.
            UsageError: called in setup or teardown, which have no part in the rows.
        """
        if vu.id == 0:
            raise UsageError(
                f"{self!r} gives rows to virtual users, and setup and teardown are none: "
                "write `for row in …` to see them all"
            )
        if self.plan.per is FeedPer.CALL:
            return self._rows[await self._number(self._supply.take(vu))]
        turn = 0 if self.plan.per is FeedPer.VU else vu.iteration
        held = self._held.get(vu.id)
        if held is None or held.user is not vu or held.turn != turn:
            held = self._held[vu.id] = _Held(vu, turn, self._supply.take(vu))
        if held.row is _UNREAD:
            held.row = self._rows[await self._number(held.number)]
        return cast(Row, held.row)

    async def _number(self, taken: RowNumber | asyncio.Future[RowNumber]) -> int:
        # Shielded: a second task of the same iteration may be waiting for the same row.
        number = await asyncio.shield(taken) if isinstance(taken, asyncio.Future) else taken
        if number is None:
            raise FeedExhausted(self.plan)
        return number

    def __len__(self) -> int:
        return self.plan.rows

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"feed({self.plan.name!r})"


_UNREAD = object()


class _Held(Generic[Row]):
    """The row that a user has, or waits for."""

    __slots__ = ("number", "row", "turn", "user")

    def __init__(
        self, user: FeedUser, turn: int, number: RowNumber | asyncio.Future[RowNumber]
    ) -> None:
        self.user = user
        self.turn = turn
        self.number = number
        self.row: Row | object = _UNREAD


class _AllRows:
    """Outside of a run each user begins with the first row, so that unit tests stay apart."""

    def __init__(self, plan: FeedPlan) -> None:
        self._plan = plan
        self._taken: dict[int, tuple[FeedUser, int]] = {}

    def take(self, user: FeedUser) -> RowNumber:
        if self._plan.mode is FeedMode.RANDOM:
            return user.random.randrange(self._plan.rows)
        # With the user itself, as its id is another's once it is gone.
        _, taken = self._taken.get(id(user), (user, 0))
        self._taken[id(user)] = (user, taken + 1)
        ends = self._plan.is_leased and self._plan.on_exhausted is not OnExhausted.RECYCLE
        return None if ends and taken >= self._plan.rows else taken % self._plan.rows


@overload
def feed(
    source: str | os.PathLike[str],
    *,
    mode: Literal["unique", "circular", "random"] = ...,
    per: Literal["iteration", "vu", "call"] = ...,
    on_exhausted: Literal["stop", "fail", "recycle"] | None = ...,
    delimiter: str | None = ...,
    columns: Sequence[str] = ...,
    name: str | None = ...,
) -> Feed[dict[str, Any]]: ...
@overload
def feed(
    source: Sequence[Row],
    *,
    mode: Literal["unique", "circular", "random"] = ...,
    per: Literal["iteration", "vu", "call"] = ...,
    on_exhausted: Literal["stop", "fail", "recycle"] | None = ...,
    name: str | None = ...,
) -> Feed[Row]: ...
def feed(
    source: str | os.PathLike[str] | Sequence[Any],
    *,
    mode: str = "unique",
    per: str = "iteration",
    on_exhausted: str | None = None,
    delimiter: str | None = None,
    columns: Sequence[str] = (),
    name: str | None = None,
) -> Feed[Any]:
    """Rows of a CSV or JSON file, or of a list, for the virtual users of a run.

    Args:
        source: a `.csv`, `.tsv`, `.jsonl`, `.ndjson` or `.json` file, relative to the Python file
            that calls this; or a sequence, equal in every process.
        mode: "unique", each row at most once in the whole run; "circular", in order, again and
            again; "random", drawn from `vu.random`.
        per: how long a user keeps a row: one "iteration", its whole life ("vu"), or one "call".
        on_exhausted: what the end of a unique feed means: "fail" (unless given) ends the load and
            makes the run INVALID, "stop" ends the load there and judges it, "recycle" begins with
            the first row again.
        delimiter: of CSV; a comma unless given, a tab for `.tsv`.
        columns: names of the columns of a CSV file that has no header line.
        name: what reports call the feed; the file's name unless given.

    Raises:
        UsageError: an argument or the file cannot be used; names file and line.
    """
    if current_user.get(None) is not None:
        raise UsageError("feed() is called at module level, so that every worker has it from start")
    caller = sys._getframe(1)
    rules = _Rules.of(mode, per, on_exhausted)
    if isinstance(source, str | os.PathLike):
        path = Path(caller.f_globals.get("__file__", "")).parent / source
        layout = layout_of(path, delimiter, columns)
        shown = name or str(source)
        rows = RowFile(path, layout, shown)
        return Feed(
            rules.plan(shown, rows, file=rows.path, sha256=rows.sha256, layout=layout), rows
        )
    if not isinstance(source, Sequence) or isinstance(source, bytes):
        raise UsageError(f"a feed is made of a file's path or a list, not {type(source).__name__}")
    if delimiter is not None or columns:
        raise UsageError("delimiter and columns are for CSV files only")
    shown = name or f"of line {caller.f_lineno}"
    if not source:
        raise UsageError(f"the feed {shown} has no rows")
    return Feed(rules.plan(shown, source), source)


@dataclass(frozen=True, slots=True)
class _Rules:
    mode: FeedMode
    per: FeedPer
    on_exhausted: OnExhausted

    @classmethod
    def of(cls, mode: str, per: str, on_exhausted: str | None) -> _Rules:
        chosen = _choice(FeedMode, "mode", mode)
        if on_exhausted is not None and chosen is not FeedMode.UNIQUE:
            raise UsageError(f'on_exhausted is for mode="unique": a {chosen} feed never runs out')
        end = OnExhausted.FAIL if on_exhausted is None else on_exhausted
        return cls(chosen, _choice(FeedPer, "per", per), _choice(OnExhausted, "on_exhausted", end))

    def plan(self, name: str, rows: Sequence[Any], **file: Any) -> FeedPlan:
        return FeedPlan(name, len(rows), self.mode, self.per, self.on_exhausted, **file)


Choice = TypeVar("Choice", bound=StrEnum)


def _choice(kind: type[Choice], what: str, given: str) -> Choice:
    try:
        return kind(given)
    except ValueError:
        wanted = alternatives([f'"{one}"' for one in kind])
        raise UsageError(f"a feed's {what} is {wanted}, not {given!r}") from None
