"""The event loop that a scenario shares with everything its worker does cannot be stopped by it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def unstoppable(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Within this `loop.stop()` raises RuntimeError where it is called: an exception of the
    scenario, with its line, instead of the end of the worker."""
    loop.stop = _refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        del loop.stop  # the loop ends by its own


def _refuse() -> NoReturn:
    raise RuntimeError(
        "a scenario cannot stop the event loop, which measures the other users too: return, or "
        "raise an exception, to end an iteration"
    )
