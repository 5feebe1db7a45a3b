"""A plan run from a command: signals on one side, the coordinator on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from atlas_perf import loop
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.coordinator.interrupts import Interrupts
from atlas_perf.coordinator.run import run_plan
from atlas_perf.judge.baselines.judging import BaselineJudge
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Calibration, Facts, Summary
from atlas_perf.outputs.base import Output


def measure(
    plan: TestPlan,
    facts: Facts,
    signals: StopSignals,
    on_progress: Callable[[Progress], None],
    *,
    outputs: Sequence[Output] = (),
    calibration: Calibration | None = None,
    baselines: BaselineJudge | None = None,
) -> Summary:
    """Run a plan to its verdict on a loop of its own; a signal asks it to stop.

    Raises:
        RunInvalidError: the run broke down before it could measure.
    """

    async def with_interrupts() -> Summary:
        interrupts = Interrupts()
        running = asyncio.get_running_loop()
        # A handler runs between any two instructions, where no other call of the loop is safe.
        with signals.told_to(partial(running.call_soon_threadsafe, interrupts.request_stop)):
            return await run_plan(
                plan,
                facts=facts,
                outputs=outputs,
                on_progress=on_progress,
                interrupts=interrupts,
                calibration=calibration,
                baselines=baselines,
            )

    return loop.run(with_interrupts())
