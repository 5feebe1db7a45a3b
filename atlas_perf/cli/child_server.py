"""A server of ours in a process of its own, for as long as a command needs it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from atlas_perf.errors import RunInvalidError

START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
_ANNOUNCEMENT = "listening on "


class ChildServer:
    """A server that listens on `url`, and what it is called in messages."""

    def __init__(
        self, name: str, url: str, process: subprocess.Popen[bytes], complaints: IO[bytes]
    ) -> None:
        self.url = url
        self._name = name
        self._process = process
        self._complaints = complaints

    def early_end(self) -> str | None:
        """A sentence if the server has ended by itself."""
        if self._process.poll() is None:
            return None
        return (
            f"{self._name[0].upper()}{self._name[1:]} ended during the run with exit code "
            f"{self._process.returncode}{_last_words(self._complaints)}."
        )

    def end(self) -> str:
        """Let it end by itself, as its standard input does: what it says then.

        Empty if it says nothing within a few seconds.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            return ""
        return self._process.stdout.read().decode(errors="replace").strip()


@contextmanager
def child_server(name: str, module: str, arguments: Sequence[str]) -> Iterator[ChildServer]:
    """Start `python -m module`, wait until it says where it listens, stop it at the end.

    Args:
        name: of the server in messages, such as "the embedded target".

    Raises:
        RunInvalidError: it did not listen in time; its own last words are in the message.
    """
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            # Safely: a scenario that is called http.py, or json.py, must not be imported for them.
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,  # its end tells the server that nobody needs it any more
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C is for the run, which still needs its server
        )
        try:
            yield ChildServer(name, _announced_url(name, process, complaints), process, complaints)
        finally:
            _stop(process)


def _announced_url(name: str, process: subprocess.Popen[bytes], complaints: IO[bytes]) -> str:
    assert process.stdout is not None
    deadline_s = time.monotonic() + START_LIMIT_S
    said = b""
    while True:
        ready, _, _ = select.select(
            [process.stdout], [], [], max(0.0, deadline_s - time.monotonic())
        )
        if not ready:
            raise RunInvalidError(f"{name} did not listen within {START_LIMIT_S:g} s")
        more = os.read(process.stdout.fileno(), 4096)
        said += more
        for line in said.decode(errors="replace").splitlines(keepends=True):
            if _ANNOUNCEMENT in line and line.endswith("\n"):
                return line.partition(_ANNOUNCEMENT)[2].strip()
        if not more:
            process.wait()
            raise RunInvalidError(f"{name} ended before it listened{_last_words(complaints)}")


def _last_words(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").split("\n")
    words = [line.strip() for line in lines if line.strip()]
    return f": {words[-1]}" if words else ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdin.close()
    process.stdout.close()
