"""The only module that knows uvloop."""

from __future__ import annotations

from collections.abc import Coroutine
from importlib.metadata import version
from typing import TypeVar

import uvloop

T = TypeVar("T")

UVLOOP_VERSION: str = version("uvloop")


def run(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on a fresh uvloop loop, as `asyncio.run` does."""
    return uvloop.run(main)
