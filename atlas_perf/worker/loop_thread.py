"""What the thread that runs the event loop does with its time: work, or wait for a CPU."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SCHEDSTAT = Path("/proc/thread-self/schedstat")
_READ_BYTES = 64


class LoopThread:
    """Readings of the thread that makes this object; all of them must be taken on it.

    A reading takes about a microsecond: the file that tells of waiting stays open.
    """

    def __init__(self, schedstat: Path = _SCHEDSTAT) -> None:
        """`schedstat` is Linux's: nanoseconds on a CPU, nanoseconds waiting for one, turns."""
        try:
            self._fd = os.open(schedstat, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def cpu_ns(self) -> int:
        """CPU that the thread has used."""
        return time.thread_time_ns()

    def waited_ns(self) -> int:
        """How long the thread has been ready to run with no CPU free for it; 0 where the system
        does not tell."""
        if self._fd < 0:
            return 0
        fields = os.pread(self._fd, _READ_BYTES, 0).split()
        return int(fields[1]) if len(fields) > 1 else 0

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
