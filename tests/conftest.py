"""Holds for every test: signals work as at a terminal."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """`nohup` and background jobs start a process with signals ignored, and children inherit it:
    a test of Ctrl-C would then find a command that rightly ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compiles whole wheels comes first: at the end, others would wait for it alone."""
    items.sort(key=lambda item: Path(item.path).parent.name != "packaging")
