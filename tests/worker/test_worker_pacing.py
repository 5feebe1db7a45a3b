"""Five thousand starts a second, on the real clock, from the executor to the alarm. What a machine
adds to a start is measured by `python -m benchmarks.pacing`; here is what no machine may change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
import uvloop
from iteration_log import User

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import ConstantArrivalRate, ScenarioPlan, Spacing
from atlas_perf.schedule.arrivals import ArrivalSchedule
from atlas_perf.worker.executors.choose import executor_for

MS = 1_000_000
S = 1000 * MS


@dataclass
class Starts:
    """Stands in for the iteration runner: iterations that await nothing."""

    due_ns: list[int] = field(default_factory=list)
    began_ns: list[int] = field(default_factory=list)
    scheduled: int = 0
    dropped: int = 0

    def arrived(self, _user: int, lag_ns: int, waited_ns: int, at_ns: int) -> None:
        assert waited_ns == 0
        self.due_ns.append(at_ns - lag_ns)
        self.began_ns.append(at_ns)

    async def run(self, _user: int) -> bool:
        return True

    async def rest(self, began_ns: int) -> None: ...

    def schedule(self, iterations: int) -> None:
        self.scheduled = iterations

    def withdraw(self, iterations: int) -> None:
        assert iterations == 0

    def drop(self, iterations: int) -> None:
        self.dropped += iterations

    def never_begun(self, ages_ns: list[int], at_ns: int) -> None:
        assert ages_ns == []


class FrozenLoop(uvloop.Loop):
    """Its clock stands still."""

    def time(self) -> float:
        return 0.0


@pytest.mark.parametrize("spacing", Spacing)
def test_5000_starts_a_second_are_exact_and_none_is_early(spacing: Spacing) -> None:
    seconds, workers = 2, 2
    users = 5000 * seconds  # on each worker: enough for whatever a busy machine has come at one go
    rate = ConstantArrivalRate(
        5000 * workers, seconds * S, users * workers, users * workers, spacing=spacing
    )
    logs = [Starts() for _ in range(workers)]

    async def offer() -> int:
        t0_ns = now_ns() + 20 * MS
        executors = [
            executor_for(
                ScenarioPlan("s", rate),
                [User(number) for number in range(users)],
                log,
                worker=worker,
                workers=workers,
            )
            for worker, log in enumerate(logs)
        ]
        await asyncio.gather(*(executor.run(t0_ns) for executor in executors))
        return t0_ns

    with asyncio.Runner(loop_factory=FrozenLoop) as runner:
        t0_ns = runner.run(offer())
    for log in logs:
        assert len(log.due_ns) == log.scheduled == 5000 * seconds
        assert log.dropped == 0
        assert all(began >= due for due, began in zip(log.due_ns, log.began_ns, strict=True))
    # What was due is the plan to the nanosecond, from first to last: nothing drifts.
    due_ns = sorted(due_ns - t0_ns for log in logs for due_ns in log.due_ns)
    assert due_ns == list(ArrivalSchedule(rate).offsets_ns(0, 1, "0/s/arrivals"))
