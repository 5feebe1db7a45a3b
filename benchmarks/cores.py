"""Which core generates load and which one serves."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """None where nothing can be pinned: one core only, or no `taskset`."""

    load: int | None
    server: int | None

    @property
    def apart(self) -> bool:
        return self.load is not None


def choose_cores() -> Cores:
    """The first core this process may use for load, the second for the server."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2 or shutil.which("taskset") is None:
        return Cores(None, None)
    return Cores(load=usable[0], server=usable[1])
