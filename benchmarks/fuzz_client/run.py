"""The fuzzing itself: `python -m benchmarks.fuzz_client.run EXECUTIONS SEED`.

On its own it runs with the extensions at hand; the command in `__main__` gives it sanitized ones.
"""

from __future__ import annotations

import asyncio
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from atlas_perf.loop import run
from benchmarks.fuzz_client.chains import ChainUser
from benchmarks.fuzz_client.inputs import Inputs
from benchmarks.fuzz_client.lanes import LANES_OF_A_USER, User
from benchmarks.fuzz_client.locations import Locations
from benchmarks.fuzz_client.lone_user import Authority
from benchmarks.fuzz_client.repetitions import RepeatingUser
from benchmarks.fuzz_client.verdicts import BrokenPromiseError

USERS = 12
LONE_USERS = 8  # of each kind
PERCENT: Mapping[str, int] = {
    "TLS": 5,
    "redirects": 5,
    "repetition": 10,
}  # of all executions; the others are plain
CLOSE_CHANCE = 0.0005  # of a user's client, each turn


async def fuzz(executions: int, seed: int, percent: Mapping[str, int]) -> Counter[str]:
    """How many of each kind were made; `percent` of all that are to be of a kind, the rest plain.

    All kinds go on at once.

    Raises:
        BrokenPromiseError: with the bytes that broke it.
    """
    inputs = Inputs(seed)
    dice = random.Random(seed + 1)
    authority = Authority.new()
    shares = {kind: executions * share // 100 for kind, share in percent.items()}
    plain = executions - sum(shares.values())
    made: Counter[str] = Counter()
    with socket.socket() as bound:  # and nobody listens
        bound.bind(("127.0.0.1", 0))
        locations = Locations(dice, bound.getsockname()[1])
        numbers = range(LONE_USERS)
        users: dict[str, Sequence[ChainUser | RepeatingUser]] = {
            "TLS": [ChainUser(n, inputs, dice, authority, None) for n in numbers],
            "redirects": [ChainUser(n, inputs, dice, authority, locations) for n in numbers],
            "repetition": [RepeatingUser(n, inputs, dice, authority) for n in numbers],
        }
        try:
            async with asyncio.TaskGroup() as kinds:
                kinds.create_task(_plain(plain, inputs, dice, made))
                for kind, share in shares.items():
                    for user in users[kind]:
                        kinds.create_task(_one_by_one(user, kind, share, made))
        except* BrokenPromiseError as broken:
            raise broken.exceptions[0] from None
    return made


async def _plain(executions: int, inputs: Inputs, dice: random.Random, made: Counter[str]) -> None:
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
    made["plain"] = executions


def _begin(users: list[User], inputs: Inputs, numbers: Iterator[int]) -> bool:
    """Give every lane that has nothing to do an execution; False if all is done."""
    at_work = False
    for user in users:
        for lane in user.lanes:
            if not lane.busy and not user.quiet and (number := next(numbers, None)) is not None:
                lane.begin(inputs.next(), number)
            at_work = at_work or lane.busy or user.quiet > 0
    return at_work


async def _one_by_one(
    user: ChainUser | RepeatingUser, kind: str, executions: int, made: Counter[str]
) -> None:
    while made[kind] < executions:
        count = await user.execute(made[kind])
        made[kind] += count
    await user.over()


def main(executions: int, seed: int, percent: Mapping[str, int] = PERCENT) -> int:
    """Fuzz, and say what came of it; the exit code."""
    started_s = time.monotonic()
    try:
        made = run(fuzz(executions, seed, percent))
    except BrokenPromiseError as broken:
        print(f"seed {seed}: {broken}", file=sys.stderr)
        return 1
    elapsed_s = time.monotonic() - started_s
    kinds = ", ".join(f"{kind} {count}" for kind, count in made.items())
    print(
        f"{made.total()} executions clean, seed {seed}: {made.total() / elapsed_s:,.0f} per second"
        f" ({kinds})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
