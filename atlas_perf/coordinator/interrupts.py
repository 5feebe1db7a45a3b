"""The user's wish to stop a run, however it was expressed."""

from __future__ import annotations

from collections.abc import Callable


class Interrupts:
    """Counts stop requests and tells the run of each. The command wires signals to it.

    The first request stops gracefully: running iterations may finish, teardown runs, the report is
    full. The second stops at once and reports what was measured.
    """

    def __init__(self) -> None:
        self._requests = 0
        self._listener: Callable[[], None] | None = None

    @property
    def requests(self) -> int:
        """How often the user has asked."""
        return self._requests

    def request_stop(self) -> None:
        """Ask the run to stop; safe to call from a signal handler of the loop."""
        self._requests += 1
        if self._listener is not None:
            self._listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` once per request, those made before included."""
        self._listener = listener
        for _ in range(self._requests):
            listener()

    def listen_on(self, listener: Callable[[], None]) -> None:
        """Call another one once per request from now on."""
        self._listener = listener
