"""The only module that knows uvloop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TypeVar

import uvloop
from uvloop._version import __version__ as UVLOOP_VERSION  # importlib.metadata costs 5 ms

__all__ = ["UVLOOP_VERSION", "run"]

T = TypeVar("T")


def run(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end on a fresh uvloop loop, as `asyncio.run` does."""
    return uvloop.run(main)
