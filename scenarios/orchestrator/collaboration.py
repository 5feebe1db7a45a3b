"""What people do in a run that they look at together, whatever the contract calls it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from atlas_perf import Backoff, Reply, VirtualUser, WebSocket

from orchestrator.call import Call

OPERATIONS = {"GRAFT": 0.30, "PRUNE": 0.20, "FLAG": 0.15, "CURSOR_MOVE": 0.35}
"""How often each is chosen; they add up to 1."""

PRESENCE = "PRESENCE"
PRESENCE_EVERY = 5

BACKOFF = Backoff(first="100ms", longest="2s", attempts=8)
"""Of a session that is lost: the first attempt at once, then these delays."""

ECHO_LIMIT = "5s"
"""A message whose echo takes longer is lost."""


@dataclass(slots=True)
class Sitting:
    """One user in one run, for as long as its session lasts."""

    socket: WebSocket
    run_id: str
    ends_at_s: float  # on the monotonic clock
    user_id: str
    operations: int = 0
    opening: object = field(default=None)
    """What opened the session that is subscribed: another one has to subscribe again."""
    conversation: object = field(default=None)
    """Whatever the contract speaks over the session."""

    @property
    def was_reopened(self) -> bool:
        return self.socket.is_open and self.socket.timings is not self.opening


class Collaboration(Protocol):
    """The functions of a contract's module for collaboration."""

    def health(self) -> Call: ...

    def create_run(self, vu: VirtualUser) -> Call: ...

    def run_id_in(self, body: Any) -> str: ...

    def delete_run(self, run_id: str) -> Call | None:
        """None where the contract has no such thing."""
        ...

    async def open_session(self, vu: VirtualUser, run_id: str) -> WebSocket:
        """A session that lasts from iteration to iteration and comes back if it is lost.

        Raises:
            WebSocketError: if there is none to be had.
        """
        ...

    async def subscribe(self, vu: VirtualUser, sitting: Sitting) -> bool:
        """Hear the run from now on; whether the server said so."""
        ...

    async def operate(
        self, vu: VirtualUser, sitting: Sitting, operation: str
    ) -> tuple[Reply, bool]:
        """Do something, and wait for its echo: that, and whether it is what was sent."""
        ...


def draw_operation(random: Random) -> str:
    return random.choices(list(OPERATIONS), weights=list(OPERATIONS.values()))[0]


def draw_key(vu: VirtualUser) -> str:
    """What tells the echo of one message from all others."""
    return f"{vu.id}-{vu.random.getrandbits(64):016x}"
