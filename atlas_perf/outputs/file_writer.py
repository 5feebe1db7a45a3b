"""The thread that writes samples to a file: a disk that is slow or hangs does not hold up the run.

What waits is bounded. Samples that come faster than they can be written are counted as lost.
"""

from __future__ import annotations

import io
import zlib
from collections import deque
from contextlib import suppress
from pathlib import Path
from threading import Condition, Thread
from typing import Protocol

ROOM_BYTES = 64 << 20
"""Most that waits to be written."""

LAST_WAIT_S = 30.0
"""Longest time for what is left at the end of the run."""

HURRIED_WAIT_S = 0.5
"""The same, of a run whose user has no time: enough for a disk that is well."""

_GZIP_LEVEL = 1
_GZIP_WINDOW = 31  # 15 bits, and gzip's header and checksum


class Sink(Protocol):
    """Where bytes go. Not buffered, so that a thread that hangs in it holds nothing."""

    def write(self, text: bytes) -> None: ...

    def close(self) -> None: ...


class PlainFile:
    """Writes over a file. Raises OSError, as all its methods do."""

    def __init__(self, path: Path) -> None:
        self._file = io.FileIO(path, "wb")

    def write(self, text: bytes) -> None:
        rest = memoryview(text)
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        self._file.close()


class GzipFile(PlainFile):
    """The same, compressed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._deflate = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)

    def write(self, text: bytes) -> None:
        super().write(self._deflate.compress(text))

    def close(self) -> None:
        try:
            super().write(self._deflate.flush())
        finally:
            super().close()


class FileWriter:
    """Writes texts in their order, in a thread of its own."""

    def __init__(self, sink: Sink, room_bytes: int = ROOM_BYTES) -> None:
        self._sink = sink
        self._room_bytes = room_bytes
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._waiting_bytes = 0
        self._changed = Condition()
        self._ending = False
        self._ended = False
        self._hurried = False
        self.failure: OSError | None = None
        self.lost = 0  # samples that are not in the file
        Thread(target=self._run, name="atlas-perf-file", daemon=True).start()

    def put(self, text: bytes, samples: int) -> None:
        """Have a text written that holds so many samples; returns at once."""
        with self._changed:
            full = self._waiting and self._waiting_bytes + len(text) > self._room_bytes
            if full or self.failure is not None:
                self.lost += samples
                return
            self._waiting.append((text, samples))
            self._waiting_bytes += len(text)
            self._changed.notify_all()

    def finish(self, within_s: float = LAST_WAIT_S) -> None:
        """Wait for the rest and the file's end, so long at most; the rest is lost then."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ended or self._hurried, within_s)
            if self._hurried:
                self._changed.wait_for(lambda: self._ended, HURRIED_WAIT_S)
            if not self._ended:
                self._fail(TimeoutError("it was not done in time"))

    def hurry(self) -> None:
        """Let `finish` wait hardly any time."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            while (text := self._next()) is not None:
                self._sink.write(text)
                self._written()
            self._sink.close()
        except OSError as error:
            with self._changed:
                self._fail(error)
            with suppress(OSError):  # the same full disk
                self._sink.close()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _next(self) -> bytes | None:
        """It stays the first of those that wait until it was written."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ending)
            return self._waiting[0][0] if self._waiting else None

    def _written(self) -> None:
        with self._changed:
            if self._waiting:  # unless it was given up meanwhile
                text, _ = self._waiting.popleft()
                self._waiting_bytes -= len(text)

    def _fail(self, error: OSError) -> None:
        self.failure = self.failure or error
        self.lost += sum(samples for _, samples in self._waiting)
        self._waiting.clear()
