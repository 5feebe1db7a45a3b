"""The embedded environment: the reference target in a process of its own, for as long as a run."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from atlas_perf.errors import RunInvalidError

START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
_ANNOUNCEMENT = "listening on "


class EmbeddedTarget:
    """A target that listens on `url`."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
        self.url = url
        self._process = process
        self._complaints = complaints

    def early_end(self) -> str | None:
        """A sentence if the target has ended by itself."""
        if self._process.poll() is None:
            return None
        return (
            "The embedded target ended during the run with exit code "
            f"{self._process.returncode}{_last_words(self._complaints)}."
        )


@contextmanager
def embedded_target(seed: int | None) -> Iterator[EmbeddedTarget]:
    """Start the reference target on a free loopback port, stop it at the end.

    Raises:
        RunInvalidError: it did not listen in time; its own last words are in the message.
    """
    command = [sys.executable, "-m", "atlas_perf.target", "--port", "0", "--exit-with-parent"]
    if seed is not None:
        command += ["--seed", str(seed)]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # its end tells the target that nobody needs it any more
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C is for the run, which still needs its target
        )
        try:
            yield EmbeddedTarget(_announced_url(process, complaints), process, complaints)
        finally:
            _stop(process)


def _announced_url(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> str:
    assert process.stdout is not None
    deadline_s = time.monotonic() + START_LIMIT_S
    said = b""
    while True:
        ready, _, _ = select.select(
            [process.stdout], [], [], max(0.0, deadline_s - time.monotonic())
        )
        if not ready:
            raise RunInvalidError(f"the embedded target did not listen within {START_LIMIT_S:g} s")
        more = os.read(process.stdout.fileno(), 4096)
        said += more
        for line in said.decode(errors="replace").splitlines(keepends=True):
            if _ANNOUNCEMENT in line and line.endswith("\n"):
                return line.partition(_ANNOUNCEMENT)[2].strip()
        if not more:
            process.wait()
            raise RunInvalidError(
                f"the embedded target ended before it listened{_last_words(complaints)}"
            )


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
