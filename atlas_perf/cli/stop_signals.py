"""What SIGINT, SIGTERM and SIGHUP mean, from the first moment of a command to its last."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While a command prepares, a signal ends it; a run that goes on is asked to stop; and what
    comes between a run's end and its printed results waits, so that none is lost."""

    def __init__(self) -> None:
        self.came = False
        self._ask: Callable[[], object] | None = None
        self._held = False
        self._waiting = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            # Started by nohup, a command is to outlive its terminal.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """From now on signals wait for the next run."""
        self._held = True

    @contextmanager
    def told_to(self, ask: Callable[[], object]) -> Iterator[None]:
        """Tell a run of each signal, those that wait included. `ask` is called in the handler."""
        self._ask = ask
        while self._waiting:
            self._waiting -= 1
            ask()
        try:
            yield
        finally:
            self._ask = None

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True
        if self._ask is not None:
            self._ask()
        elif self._held:
            self._waiting += 1
        else:
            raise KeyboardInterrupt
