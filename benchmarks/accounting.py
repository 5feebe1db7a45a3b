"""What a command and everything it started cost: CPU time from the kernel, memory by sampling."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_EVERY_S = 0.2
PATIENCE_S = 5.0  # between asking a command to end and ending it

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class CommandFailed(Exception):
    """A command that ended badly or not in time; the text says why."""


@dataclass(frozen=True, slots=True)
class Spent:
    """One finished command.

    `cpu_s` is user and system time of the process and of all descendants that were waited for,
    as `wait4` tells it. `peak_bytes` is the largest sum of resident memory over the whole tree
    that was seen; shared pages count once for each process.
    """

    stdout: str
    stderr: str
    cpu_s: float
    peak_bytes: int
    elapsed_s: float


def run_command(
    command: Sequence[str],
    *,
    cpu: int | None,
    limit_s: float,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    accepted_codes: Sequence[int] = (0,),
) -> Spent:
    """Run a command on one core to its end, in `folder`.

    Raises:
        CommandFailed: it could not be started, ended badly, or took longer than `limit_s`; then
            it and all it started are ended.
    """
    pinned = [*(["taskset", "-c", str(cpu)] if cpu is not None else []), *command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began_s = time.monotonic()
        try:
            process = subprocess.Popen(
                pinned,
                cwd=folder,
                env={**os.environ, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            raise CommandFailed(f"{pinned[0]}: {error.strerror}") from None
        with _Watch(process.pid, limit_s) as watch:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
        elapsed_s = time.monotonic() - began_s
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    if watch.too_late:
        raise CommandFailed(f"{command[0]} did not end within {limit_s:.0f} s")
    if process.returncode not in accepted_codes:
        last = (texts[1].strip() or texts[0].strip()).splitlines()[-1:]
        raise CommandFailed(f"exit code {process.returncode}: {' '.join(last)}")
    return Spent(texts[0], texts[1], usage.ru_utime + usage.ru_stime, watch.peak_bytes, elapsed_s)


class _Watch:
    """Samples the memory of a process tree, and ends the tree when its time is up."""

    def __init__(self, root: int, limit_s: float) -> None:
        self.peak_bytes = 0
        self.too_late = False
        self._root = root
        self._deadline_s = time.monotonic() + limit_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_EVERY_S):
            tree = resident_bytes(self._root)
            self.peak_bytes = max(self.peak_bytes, sum(tree.values()))
            late_s = time.monotonic() - self._deadline_s
            if late_s > PATIENCE_S:
                for process in tree:
                    _signal(process, signal.SIGKILL)
            elif late_s > 0 and not self.too_late:
                self.too_late = True
                _signal(self._root, signal.SIGTERM)


def resident_bytes(root: int) -> dict[int, int]:
    """Resident memory of a process and of all its descendants, by process id."""
    parents: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # gone in between
                continue
            # man 5 proc_pid_stat: the fourth field is the parent, the 24th the resident pages
            parents[int(entry.name)] = int(fields[1])
            sizes[int(entry.name)] = int(fields[21]) * _PAGE_BYTES
    tree = {root} & sizes.keys()
    grown = True
    while grown:
        children = {child for child, parent in parents.items() if parent in tree}
        grown = not children <= tree
        tree |= children
    return {process: sizes[process] for process in tree}


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
