"""What scenarios print while the terminal is redrawn in place: caught, and told in whole lines.

Workers write to the file descriptors of the command. As long as lines are redrawn on a terminal,
these lead into a pipe, and a thread hands on what comes out of it. Otherwise a print would move
the cursor, and the next drawing would overwrite it, or leave its own traces behind.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Self, TextIO

_STDOUT, _STDERR = 1, 2
_CHUNK_BYTES = 65_536
_LONGEST_LINE_BYTES = 65_536
"""A line without an end is told in parts of this, so that it cannot fill the memory."""


class PrintedAbove:
    """Catches what is written to the terminal by descriptor, by this process and by those that
    it starts; `terminal` is the way around."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Args:
        tell: takes one or more whole lines, without the last one's end, on another thread.
        """
        self._tell = tell
        self._encoding = sys.stderr.encoding
        self.terminal = os.fdopen(
            os.dup(_STDERR), "w", encoding=self._encoding, errors=sys.stderr.errors
        )
        self._before: dict[int, int] = {}
        self._thread = Thread(target=self._read, name="printed above", daemon=True)

    def __enter__(self) -> Self:
        _flush()
        self._read_fd, write_fd = os.pipe()
        self._ended_fd, self._end_fd = os.pipe()
        for fd in _terminals():
            self._before[fd] = os.dup(fd)
            os.dup2(write_fd, fd)
        os.close(write_fd)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """All that was written until now has been told once this returns."""
        _flush()
        for fd, before in self._before.items():
            os.dup2(before, fd)
            os.close(before)
        os.close(self._end_fd)
        self._thread.join()
        os.close(self._read_fd)
        os.close(self._ended_fd)

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._read_fd, select.POLLIN)
        poll.register(self._ended_fd, select.POLLIN)
        held = b""
        # A program that a scenario left behind may hold the pipe open: its end is not waited for.
        while self._read_fd in dict(poll.poll()):
            chunk = os.read(self._read_fd, _CHUNK_BYTES)
            if not chunk:
                break
            lines, ended, held = (held + chunk).rpartition(b"\n")
            if ended:
                self._tell(self._text(lines))
            if len(held) >= _LONGEST_LINE_BYTES:
                self._tell(self._text(held))
                held = b""
        if held:
            self._tell(self._text(held))

    def _text(self, data: bytes) -> str:
        return data.decode(self._encoding, errors="replace")


def can_catch() -> bool:
    """True where stderr is a descriptor of this process, and not a stand-in."""
    try:
        return sys.stderr.fileno() == _STDERR
    except (OSError, ValueError):
        return False


def _terminals() -> list[int]:
    """The descriptors that lead to a terminal: what was sent to a file stays there."""
    return [fd for fd in (_STDOUT, _STDERR) if _is_terminal(fd)]


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False


def _flush() -> None:
    stream: TextIO | None
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
