"""CPU time of one process that is being waited for, without its children's."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_UTIME = 11  # of the fields behind the name in /proc/PID/stat: user time, then system time


def cpu_until_end_s(running: subprocess.Popen[Any]) -> float:
    """Wait for a process; its user and system time, from the kernel's books."""
    ticks = 0
    while running.poll() is None:
        with suppress(OSError, IndexError):
            books = Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()
            ticks = int(books[_UTIME]) + int(books[_UTIME + 1])
        time.sleep(0.05)
    return ticks * _TICK_S
