"""The thread that takes periods to a receiver: with retries, and for a bounded time.

A receiver that is slow, dead or hanging costs the run nothing but this thread's waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from atlas_perf.outputs.backlog import Backlog
from atlas_perf.outputs.period import Period


class Undelivered(Exception):
    """A payload did not arrive; the text says why.

    Args:
        passing: it may arrive if it is sent again.
    """

    def __init__(self, why: str, *, passing: bool) -> None:
        super().__init__(why)
        self.passing = passing


class Receiver(Protocol):
    """Where periods go. All but `open` is called by the courier's thread alone."""

    def open(self, zero_unix_ns: int) -> None:
        """Get ready, quickly.

        Args:
            zero_unix_ns: the run's start.

        Raises:
            PlanError: it cannot be used.
        """
        ...

    def encode(self, period: Period) -> Sequence[bytes]:
        """What is to be sent of a period. Each period comes here once, sent or not."""
        ...

    def send(self, payload: bytes) -> None:
        """Send one payload, in a bounded time.

        Raises:
            Undelivered: it did not arrive.
        """
        ...

    def close(self) -> str:
        """Let go, after the last period; what else there is to say of it, or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a courier tries, in seconds."""

    first_pause_s: float = 0.1
    longest_pause_s: float = 2.0
    give_up_after_s: float = 10.0  # with one payload
    flush_s: float = 5.0  # with all that is left at the end of the run
    hurried_flush_s: float = 0.5  # the same, of a run whose user has no time


class Courier:
    """Delivers periods in order, in a thread of its own."""

    def __init__(self, receiver: Receiver, backlog: Backlog, pace: Pace) -> None:
        self._receiver = receiver
        self._backlog = backlog
        self._pace = pace
        self._ending = threading.Event()  # no time is left for a pause
        self._abandoned = threading.Event()  # nobody waits for this thread any more
        self._awaited = threading.Condition()  # guards the two below
        self._ended = False
        self._hurried = False
        self._thread = threading.Thread(target=self._run, name="atlas-perf-output", daemon=True)
        self.delivered_seconds = 0
        self.failure = ""  # the newest one
        self.remark = ""  # what the receiver said in the end

    def start(self) -> None:
        self._thread.start()

    @property
    def flush_s(self) -> float:
        """The longest that `finish` takes."""
        return self._pace.flush_s

    def finish(self) -> None:
        """Deliver what is left within the time for it; returns in any case."""
        self._backlog.end()
        self._ending.set()
        with self._awaited:
            self._awaited.wait_for(lambda: self._ended or self._hurried, self._pace.flush_s)
            if self._hurried:
                self._awaited.wait_for(lambda: self._ended, self._pace.hurried_flush_s)
            ended = self._ended
        self._abandoned.set()
        if not ended and not self.failure:
            self.failure = "it did not answer in time"

    def hurry(self) -> None:
        """Give `finish` hardly any time."""
        with self._awaited:
            self._hurried = True
            self._awaited.notify_all()

    def _run(self) -> None:
        try:
            try:
                self._deliver_all()
            finally:
                self.remark = self._receiver.close()
        except Exception as error:  # a bug of ours must not end unseen in a thread
            self.failure = f"it broke: {type(error).__name__}: {error}"
        finally:
            with self._awaited:
                self._ended = True
                self._awaited.notify_all()

    def _deliver_all(self) -> None:
        while (period := self._backlog.take()) is not None:
            sent = self._deliver(period)
            if not sent and self._ending.is_set():
                break

    def _deliver(self, period: Period) -> bool:
        payloads = self._receiver.encode(period)
        arrived = all([self._send(payload) for payload in payloads])
        if arrived and not self._abandoned.is_set():
            self.delivered_seconds += period.seconds
        return arrived

    def _send(self, payload: bytes) -> bool:
        pause_s = self._pace.first_pause_s
        until = time.monotonic() + self._pace.give_up_after_s
        while not self._abandoned.is_set():
            was_ending = self._ending.is_set()
            try:
                self._receiver.send(payload)
            except Undelivered as refused:
                self.failure = str(refused)
                if not refused.passing or was_ending or time.monotonic() + pause_s > until:
                    return False
            else:
                return True
            self._ending.wait(pause_s)
            pause_s = min(2 * pause_s, self._pace.longest_pause_s)
        return False
