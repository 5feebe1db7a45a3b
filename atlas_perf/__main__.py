"""The process of `atlas-perf`, also as `python -m atlas_perf`: sound before anything is imported.

Loading the command takes a moment in which Ctrl-C is as likely as in any other, and libraries
take for granted that descriptors 0 to 2 are open.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130  # ExitCode.INTERRUPTED, which is not imported yet


def main() -> NoReturn:
    """The `atlas-perf` command."""
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        signal.signal(signal.SIGINT, _leave)
    _open_missing_streams()
    from atlas_perf.cli.main import main as command  # noqa: PLC0415

    try:
        if interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command()
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(_INTERRUPTED)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Nothing has begun: there is nothing to undo, and nobody wants to see where."""
    _say_interrupted()
    os._exit(_INTERRUPTED)


def _say_interrupted() -> None:
    """Past `sys.stderr`, which may be in the middle of a line or not there yet."""
    with suppress(OSError):
        os.write(2, b"atlas-perf: interrupted\n")


def _open_missing_streams() -> None:
    """What was closed by the caller leads nowhere; else the next file opened would be stdout."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115 - for the process' life
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
