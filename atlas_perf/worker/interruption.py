"""Interrupting an iteration, and knowing it afterwards, whatever the scenario made of it."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakSet

_interrupted: WeakSet[asyncio.Task[Any]] = WeakSet()
_counts = {"interruptions": 0}


def interrupt(task: asyncio.Task[Any]) -> None:
    """Cancel the task for good: should it go on after all, `is_interrupted` tells."""
    _interrupted.add(task)
    _counts["interruptions"] += 1
    task.cancel()


def is_interrupted() -> bool:
    """True if the running task was interrupted.

    `Task.cancelling()` does not tell: until Python 3.13 a `TaskGroup` that fails may leave it
    raised, and a scenario may use one.
    """
    return len(_interrupted) > 0 and asyncio.current_task() in _interrupted


def was_any_interrupted() -> bool:
    """True once any task of this process was interrupted, whether it still exists or not."""
    return _counts["interruptions"] > 0
