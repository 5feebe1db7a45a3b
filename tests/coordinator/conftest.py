"""Real runs with real worker processes, on plans as the loader makes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import uvloop
from path_server import PathServer

from atlas_perf.coordinator import Interrupts, run_plan
from atlas_perf.loader import Overrides, build_plan, load_scenario_file
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Progress
from atlas_perf.model.summary import Facts, Summary

FACTS = Facts("", "", "", "", "", 1, "", "")


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the command uses."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def server() -> AsyncIterator[PathServer]:
    async with PathServer() as server:
        yield server


class Run:
    """One run of a scenario written in a test, going on beside it."""

    def __init__(self, plan: TestPlan, outputs: tuple[Any, ...] = ()) -> None:
        self.plan = plan
        self.interrupts = Interrupts()
        self.progress: list[Progress] = []
        self.task: asyncio.Task[Summary] = asyncio.create_task(
            run_plan(
                plan,
                facts=FACTS,
                outputs=outputs,
                on_progress=self.progress.append,
                interrupts=self.interrupts,
            )
        )

    async def summary(self) -> Summary:
        async with asyncio.timeout(60):
            return await self.task


@pytest.fixture
async def start(tmp_path: Path, server: PathServer) -> AsyncIterator[Callable[..., Run]]:
    """Write a scenario file and start it; every worker says its pid to `/pid/…` in the test."""
    runs: list[Run] = []

    def start(
        source: str, *, processes: int = 2, outputs: tuple[Any, ...] = (), **more: Any
    ) -> Run:
        file = tmp_path / "shop.py"
        file.write_text(dedent(source))
        env = {"BASE_URL": server.url}
        overrides = Overrides(env=env, processes=processes, **more)
        plan = build_plan(load_scenario_file(file, env), overrides).plan
        runs.append(Run(replace(plan, keep_samples=bool(outputs)), outputs))
        return runs[-1]

    yield start
    for run in runs:
        if not run.task.done():
            run.task.cancel()
            await asyncio.gather(run.task, return_exceptions=True)


@pytest.fixture
def run(start: Callable[..., Run]) -> Callable[..., Coroutine[Any, Any, Summary]]:
    """Start a scenario and wait for its summary."""

    async def run(source: str, **more: Any) -> Summary:
        return await start(source, **more).summary()

    return run
