"""What a worker whose event loop never goes on can still say: where it stands.

Batches are sent by the loop. One that is held for ever by a call in a scenario sends none, and is
taken for lost; so the watcher's thread leaves a line in a pipe of its own, which the coordinator
reads only then.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from atlas_perf.worker.stall_log import Sighting

MAX_BYTES = 4096
"""The newest lines; the pipe holds more than any run has stalls of this length in a few seconds."""


class LastWords:
    """The worker's end."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    def leave(self, sighting: Sighting) -> None:
        """Say where the loop stands, on any thread; a pipe that is full changes nothing."""
        file = Path(sighting.file).name
        line = f"{sighting.due_ns} {file}:{sighting.line} ({sighting.code})\n"
        with suppress(OSError):
            os.write(self._fd, line.encode(errors="backslashreplace")[-MAX_BYTES:])


class LastWordsReader:
    """The coordinator's end, which is closed with `close`."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    def since(self, instant_ns: int) -> str | None:
        """Where the worker has stood still since then or later: `shop.py:14 (while True: pass)`."""
        said = b""
        with suppress(OSError):
            while more := os.read(self._fd, 65536):
                said = (said + more)[-MAX_BYTES:]
        newest = said.decode(errors="replace").rstrip("\n").rpartition("\n")[2]
        due, _, place = newest.partition(" ")
        return place if due.isdigit() and int(due) >= instant_ns and place else None

    def close(self) -> None:
        os.close(self._fd)
