"""Holds for every test: signals work as at a terminal, and what takes long is begun first."""

from __future__ import annotations

import signal

import pytest
from longest_first import place_of


def pytest_configure(config: pytest.Config) -> None:
    """Take the order below, which xdist would replace by files with many tests first.

    `nohup` and background jobs start a process with signals ignored, and children inherit it:
    a test of Ctrl-C would then find a command that rightly ignores it."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first: at the end, others would wait for it alone."""
    items.sort(key=lambda item: place_of(item.path))
