"""Holds for every test: signals work as at a terminal."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """`nohup` and background jobs start a process with signals ignored, and children inherit it:
    a test of Ctrl-C would then find a command that rightly ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
