"""The fuzzing itself: `python -m benchmarks.fuzz_client.run EXECUTIONS SEED`.

On its own it runs with the extensions at hand; the command in `__main__` gives it sanitized ones.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Iterator

from atlas_perf.loop import run
from benchmarks.fuzz_client.inputs import Inputs
from benchmarks.fuzz_client.lanes import LANES_OF_A_USER, BrokenPromiseError, User

USERS = 12
CLOSE_CHANCE = 0.0005  # of a user's client, each turn


async def fuzz(executions: int, seed: int) -> None:
    """Raises BrokenPromiseError, with the bytes that broke it."""
    inputs = Inputs(seed)
    dice = random.Random(seed + 1)
    # In every fourth user requests now and then have to wait for a connection.
    users = [User(dice, LANES_OF_A_USER - (n % 4 == 0)) for n in range(USERS)]
    numbers = iter(range(executions))
    while _begin(users, inputs, numbers):
        await asyncio.sleep(0)
        for user in users:
            user.turn()
            if dice.random() < CLOSE_CHANCE:
                user.close_client()
    for user in users:
        await user.over()


def _begin(users: list[User], inputs: Inputs, numbers: Iterator[int]) -> bool:
    """Give every lane that has nothing to do an execution; False if all is done."""
    at_work = False
    for user in users:
        for lane in user.lanes:
            if not lane.busy and not user.quiet and (number := next(numbers, None)) is not None:
                lane.begin(inputs.next(), number)
            at_work = at_work or lane.busy or user.quiet > 0
    return at_work


def main(executions: int, seed: int) -> int:
    started_s = time.monotonic()
    try:
        run(fuzz(executions, seed))
    except BrokenPromiseError as broken:
        print(f"seed {seed}: {broken}", file=sys.stderr)
        return 1
    elapsed_s = time.monotonic() - started_s
    print(f"{executions} executions clean, seed {seed}: {executions / elapsed_s:,.0f} per second")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
