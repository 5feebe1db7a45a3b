"""Topics: who has subscribed to what, and messages to them all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from atlas_perf.target.bodies import Json
from atlas_perf.target.collaboration.outbox import Outbox, text_frame
from atlas_perf.target.collaboration.session import Session
from atlas_perf.target.stomp import frames

USERS_SHOWN = 50
"""The most users that a message about presence names: with all of them, the joining of n users
would cost n * n * n names."""


@dataclass(slots=True)
class _Topic:
    members: dict[tuple[Session, str], None] = field(default_factory=dict)
    users: dict[str, None] = field(default_factory=dict)
    sequence: int = 0


class Topics:
    """Topics by destination. One without subscribers takes no memory, and begins anew."""

    def __init__(self, outbox: Outbox, pack: Callable[[bytes], bytes] = text_frame) -> None:
        """`pack` makes a message of the WebSocket out of a frame."""
        self._outbox = outbox
        self._pack = pack
        self._topics: dict[str, _Topic] = {}
        self._messages = 0

    def __len__(self) -> int:
        return len(self._topics)

    def enter(self, destination: str, session: Session, subscription: str) -> None:
        topic = self._topics.setdefault(destination, _Topic())
        topic.members[session, subscription] = None

    def leave(self, destination: str, session: Session, subscription: str) -> None:
        topic = self._topics.get(destination)
        if topic is None:
            return
        topic.members.pop((session, subscription), None)
        if not topic.members:
            del self._topics[destination]

    def join(self, destination: str, user: str) -> None:
        """Note that a user is present; where nobody listens nothing is noted."""
        topic = self._topics.get(destination)
        if topic is not None:
            topic.users[user] = None

    def part(self, destination: str, user: str) -> None:
        topic = self._topics.get(destination)
        if topic is not None:
            topic.users.pop(user, None)

    def present(self, destination: str) -> Json:
        """Who is present: how many, and the latest of them."""
        topic = self._topics.get(destination)
        users = list(topic.users) if topic is not None else []
        return {"activeUsers": users[-USERS_SHOWN:], "activeUserCount": len(users)}

    def next_sequence(self, destination: str) -> int:
        """The number of the next event of a topic, from 1."""
        topic = self._topics.get(destination)
        if topic is None:
            return 1
        topic.sequence += 1
        return topic.sequence

    def broadcast(self, destination: str, event: Json) -> None:
        """Send an event to every subscription, the author's included, in order of entering."""
        topic = self._topics.get(destination)
        if topic is None:
            return
        body = json.dumps(event).encode()
        for session, subscription in list(topic.members):
            self._messages += 1
            headers = {
                "destination": destination,
                "subscription": subscription,
                "message-id": str(self._messages),
                "content-type": "application/json",
                "content-length": str(len(body)),
            }
            self._outbox.deliver(session, self._pack(frames.write("MESSAGE", headers, body)))
