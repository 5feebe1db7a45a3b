"""Iterations that last as long as a test says, and remember when they ran and how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from virtual_time import LoopAlarm, clock, run_in_virtual_time

from atlas_perf.model.plan import ScenarioPlan
from atlas_perf.worker.executors.base import Executor
from atlas_perf.worker.executors.choose import executor_for

MS = 1_000_000
S = 1000 * MS


@dataclass
class Iteration:
    user: int
    began_ms: float
    ended_ms: float = -1
    interrupted: bool = False
    lag_ms: float | None = None  # of an arrival
    waited_ms: float | None = None


class User(int):
    """Stands in for a virtual user: its number, and whether it was told that its time is up."""

    cut = False

    def retire(self) -> None:
        """Nothing of it is open."""

    def cut_off(self, _at_ns: int) -> None:
        self.cut = True


@dataclass
class IterationLog:
    """Stands in for the iteration runner."""

    lasts_ms: float | Callable[[Iteration], float]
    done: list[Iteration] = field(default_factory=list)
    scheduled: int | None = None
    withdrawn: int = 0
    dropped: int = 0
    rests_ms: float = 0
    tidies_ms: float = 0  # how long an interrupted iteration takes to end
    lags_ms: dict[int, tuple[float, float]] = field(default_factory=dict)  # by user, its last
    never_begun_ms: list[float] = field(default_factory=list)  # how long they had been due
    deaf: int = 0  # how many cancellations an iteration swallows before it heeds one

    async def run(self, user: int) -> None:
        lag_ms, waited_ms = self.lags_ms.get(user, (None, None))
        iteration = Iteration(user, clock() / MS, lag_ms=lag_ms, waited_ms=waited_ms)
        self.done.append(iteration)
        lasts = self.lasts_ms(iteration) if callable(self.lasts_ms) else self.lasts_ms
        try:
            for _ in range(self.deaf):
                try:
                    await asyncio.sleep(lasts / 1000)
                except asyncio.CancelledError:
                    continue
            await asyncio.sleep(lasts / 1000)
        except asyncio.CancelledError:
            iteration.interrupted = True
            await asyncio.sleep(self.tidies_ms / 1000)
            raise
        finally:
            iteration.ended_ms = clock() / MS

    def arrived(self, user: int, lag_ns: int, waited_ns: int, at_ns: int) -> None:
        assert at_ns == clock()
        self.lags_ms[user] = lag_ns / MS, waited_ns / MS

    async def rest(self, began_ns: int) -> None:
        await asyncio.sleep(self.rests_ms / 1000)

    def schedule(self, iterations: int) -> None:
        self.scheduled = iterations

    def withdraw(self, iterations: int) -> None:
        self.withdrawn += iterations

    def drop(self, iterations: int, due_ns: int | None = None) -> None:
        self.dropped += iterations

    def never_begun(self, ages_ns: Sequence[int], at_ns: int) -> None:
        assert at_ns == clock()
        self.never_begun_ms += [age_ns / MS for age_ns in ages_ns]

    def repeat_until(self, end_ns: int) -> None:
        """Nothing here repeats itself."""

    def begun_at(self) -> list[float]:
        return [iteration.began_ms for iteration in self.done]

    def interrupted(self) -> list[Iteration]:
        return [iteration for iteration in self.done if iteration.interrupted]


Meanwhile = Sequence[tuple[float, Callable[[Executor], object]]]


def execute(
    plan: ScenarioPlan,
    log: IterationLog,
    *,
    users: int,
    worker: int = 0,
    workers: int = 1,
    meanwhile: Meanwhile = (),
    alarm: type[LoopAlarm] = LoopAlarm,
) -> float:
    """Run a scenario from T0 = 0; when it returned, in ms. `meanwhile`: at this ms, do that."""

    async def main() -> float:
        executor = executor_for(
            plan,
            [User(number) for number in range(users)],
            log,
            worker=worker,
            workers=workers,
            clock=clock,
            alarm=alarm,
        )
        loop = asyncio.get_running_loop()
        for at_ms, act in meanwhile:
            loop.call_at(at_ms / 1000, act, executor)
        await executor.run(0)
        assert executor.active_users == 0
        return clock() / MS

    return run_in_virtual_time(main())


def stop(*, graceful: bool) -> Callable[[Executor], None]:
    return lambda executor: executor.stop(graceful=graceful)
