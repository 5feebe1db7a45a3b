"""The dead-man switch: a worker without a coordinator ends at once, whatever it is doing."""

from __future__ import annotations

import os
import select
import threading

from atlas_perf.errors import ExitCode


class Lifeline:
    """Ends this process as soon as the other end of a pipe is closed.

    The event loop sees that end too, but only when it runs: a scenario that blocks it would keep
    the process alive with nobody watching. So a thread waits for nothing but the hangup.
    """

    def __init__(self, fd: int) -> None:
        # Of its own: the loop closes its descriptor, and the number may be used again.
        self._fd = os.dup(fd)
        self._released = False
        threading.Thread(target=self._hold, name="lifeline", daemon=True).start()

    def release(self) -> None:
        """The worker is dismissed: from now on it ends by itself."""
        self._released = True

    def _hold(self) -> None:
        hangup = select.poll()
        hangup.register(self._fd, 0)
        hangup.poll()
        if not self._released:
            end_at_once()


def end_at_once() -> None:
    """End this process without unwinding anything: no more requests, no clean-up."""
    os._exit(ExitCode.INVALID)
