"""Who hears whom: the sessions of one run share a room, which exists while anybody is in it."""

from __future__ import annotations

from atlas_perf.target.collaboration.outbox import Outbox, text_frame
from atlas_perf.target.collaboration.session import Session


class Rooms:
    """Rooms by run. An empty one takes no memory, so there are never more than open sessions."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._members: dict[str, dict[Session, None]] = {}

    def __len__(self) -> int:
        return len(self._members)

    def enter(self, run_id: str, session: Session) -> int:
        """Hear the room from now on; entering twice changes nothing.

        Returns:
            How many sessions are in the room now.
        """
        members = self._members.setdefault(run_id, {})
        members[session] = None
        return len(members)

    def leave(self, run_id: str, session: Session) -> None:
        members = self._members.get(run_id)
        if members is None:
            return
        members.pop(session, None)
        if not members:
            del self._members[run_id]

    def broadcast(self, run_id: str, text: bytes) -> None:
        """Send a text to everybody in the room, its author included, in order of entering."""
        frame = text_frame(text)
        deliver = self._outbox.deliver
        for session in list(self._members.get(run_id, ())):
            deliver(session, frame)
