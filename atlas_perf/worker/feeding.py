"""The feeds of a worker's scenario file, bound to the rows that are this worker's part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from atlas_perf.errors import InternalError, ScenarioError
from atlas_perf.loader.lifecycle import ScenarioFunction
from atlas_perf.loader.scenario_file import ScenarioFile
from atlas_perf.model.feed import FeedMode, FeedPlan, OnExhausted
from atlas_perf.scripting.feeds import FeedExhausted, RowSupply
from atlas_perf.wire.control import (
    NoRows,
    RecallRows,
    RowsLeased,
    RowsToCoordinator,
    RowsToWorker,
)
from atlas_perf.worker.exception_log import innermost_exception
from atlas_perf.worker.interruption import interrupt
from atlas_perf.worker.row_supply import CircularRows, LeasedRows, RandomRows


class Feeding:
    """Hands the coordinator's rows to the feeds that ask for them."""

    def __init__(
        self,
        file: ScenarioFile,
        planned: Sequence[FeedPlan],
        *,
        worker: int,
        workers: int,
        tell: Callable[[RowsToCoordinator], None],
    ) -> None:
        """Raises ScenarioError if the file's feeds are not the plan's."""
        _refuse_other_feeds(file, planned)
        self._leased: dict[int, LeasedRows] = {}
        for number, feed in enumerate(file.feeds):
            supply: RowSupply
            match feed.plan.mode:
                case FeedMode.UNIQUE:
                    supply = self._leased[number] = LeasedRows(number, feed.plan, tell=tell)
                case FeedMode.CIRCULAR:
                    supply = CircularRows(feed.plan, worker=worker, workers=workers)
                case FeedMode.RANDOM:
                    supply = RandomRows(feed.plan)
            feed.bind(supply)

    def begin(self) -> None:
        """Ask for the first rows."""
        for rows in self._leased.values():
            rows.ask_ahead()

    def take(self, message: RowsToWorker) -> None:
        """What the coordinator says about rows."""
        rows = self._leased.get(message.feed)
        if rows is None:
            raise InternalError(f"feed {message.feed} has no leases")
        match message:
            case RowsLeased(first=first, count=count):
                rows.leased(first, count)
            case NoRows(final=final):
                rows.none_left(final=final)
            case RecallRows():
                rows.hand_back()


def ended_by_its_feeds(function: ScenarioFunction) -> ScenarioFunction:
    """The same function; where a feed that stops the load has no row for it, the iteration ends as
    one that the run's end interrupted: it has neither completed nor failed."""

    async def iterate(vu: Any, data: Any) -> None:
        try:
            await function(vu, data)
        except BaseException as error:
            leaf = innermost_exception(error)
            task = asyncio.current_task()
            if (
                isinstance(leaf, FeedExhausted)
                and leaf.feed.on_exhausted is OnExhausted.STOP
                and task is not None
            ):
                interrupt(task)
                raise asyncio.CancelledError from error
            raise

    return iterate


def _refuse_other_feeds(file: ScenarioFile, planned: Sequence[FeedPlan]) -> None:
    """Row numbers mean the same rows in every process, or nothing."""
    found = [feed.plan for feed in file.feeds]
    if found == list(planned):
        return
    for mine, theirs in zip(found, planned, strict=False):
        if mine != theirs:
            what = (
                f"has {mine.rows} rows here and {theirs.rows} there"
                if mine.rows != theirs.rows
                else "was changed while the run was starting"
            )
            raise ScenarioError(
                f"the feed {theirs.name} {what}: its rows must be the same in every process",
                file=file.file,
            )
    raise ScenarioError(
        f"the file makes {len(found)} feeds here and {len(planned)} there: make them at module "
        "level, the same in every process",
        file=file.file,
    )
