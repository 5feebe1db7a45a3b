"""Looking worker processes up, to see that none is left."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


def alive(pid: int) -> bool:
    """True if there is such a process, other than one that only waits to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:  # it has just gone, or the system has no such files
        return not Path("/proc/self/stat").exists()
    return stat.rpartition(")")[2].split()[0] != "Z"


async def all_gone(pids: set[int]) -> None:
    """Return once none of the processes is alive."""
    async with asyncio.timeout(10):
        while True:
            if not any(alive(pid) for pid in pids):
                return
            await asyncio.sleep(0.02)
