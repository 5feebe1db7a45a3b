"""The functions of a scenario file: which there are, and whether they can be called as promised."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

ScenarioFunction = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Role:
    """How a function of the lifecycle is called; it may leave out the last arguments."""

    arguments: tuple[str, ...]
    needed: int  # how many of them it must take at least


ITERATION = Role(("vu", "data"), needed=1)
SETUP = Role(("vu",), needed=0)
TEARDOWN = Role(("vu", "data"), needed=0)


class UnusableFunction(Exception):
    """A function that cannot play its role, in a sentence."""


def adapt(name: str, function: object, role: Role) -> ScenarioFunction:
    """The function as a callable that takes all of its role's arguments.

    Raises:
        UnusableFunction: if it is not asynchronous, or takes too few or too many arguments.
    """
    how = _how_to_write(name, role)
    if inspect.isasyncgenfunction(function):
        raise UnusableFunction(f"`{name}` yields, so it is a generator: {how} without `yield`")
    if not callable(function):
        raise UnusableFunction(f"`{name}` is not a function: {how}")
    if not inspect.iscoroutinefunction(function):
        raise UnusableFunction(f"`{name}` is not asynchronous: {how}")
    required, most = _positional_arguments(name, function, how)
    given = min(most, len(role.arguments))
    if required > len(role.arguments) or given < role.needed:
        takes = f"takes {required} argument{'' if required == 1 else 's'}"
        raise UnusableFunction(f"`{name}` {takes}: {how}")
    if given == len(role.arguments):
        return function
    return lambda *arguments: function(*arguments[:given])


def _positional_arguments(name: str, function: Callable[..., object], how: str) -> tuple[int, int]:
    """How many arguments it must be given, and how many it can be given, by position."""
    required = 0
    most = 0
    for parameter in inspect.signature(function).parameters.values():
        optional = parameter.default is not parameter.empty
        match parameter.kind:
            case parameter.POSITIONAL_ONLY | parameter.POSITIONAL_OR_KEYWORD:
                most += 1
                required += not optional
            case parameter.VAR_POSITIONAL:
                most = sys.maxsize
            case parameter.KEYWORD_ONLY if not optional:
                raise UnusableFunction(
                    f"`{name}` needs the keyword argument `{parameter.name}`: {how}"
                )
    return required, most


def _how_to_write(name: str, role: Role) -> str:
    ways = [
        f"`async def {name}({', '.join(role.arguments[:count])})`"
        for count in range(role.needed, len(role.arguments) + 1)
    ]
    return f"write {' or '.join(ways)}"
