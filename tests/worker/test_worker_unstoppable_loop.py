"""A scenario that stops the event loop hurts itself alone."""

from __future__ import annotations

import asyncio

import pytest

from atlas_perf.loop import run
from atlas_perf.worker.unstoppable_loop import unstoppable


def test_a_stop_is_an_exception_of_its_caller_and_the_loop_goes_on() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        with unstoppable(loop):
            with pytest.raises(RuntimeError, match="a scenario cannot stop the event loop"):
                loop.stop()
            await asyncio.sleep(0)
        return "went on"

    assert run(main()) == "went on"  # and it ends by itself, which takes a stop
