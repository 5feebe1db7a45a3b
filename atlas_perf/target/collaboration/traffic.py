"""The server's count of its WebSocket sessions and messages, to hold the client's against."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Traffic:
    """Sessions and messages since the start or the last reset.

    A message is one text that a client sent or was sent: acknowledgements, broadcasts and errors
    alike, once for each session that it goes to. Pings, pongs and closings are not messages.
    """

    sessions_open: int = 0
    sessions_most: int = 0  # open at the same time
    sessions_opened: int = 0
    sessions_closed: int = 0
    sessions_refused: int = 0  # for want of room: `max_sessions`
    sessions_cut_off: int = 0  # did not read what they were sent, or said what nobody may say
    messages_received: int = 0
    messages_sent: int = 0  # handed to the session's socket
    messages_dropped: int = 0  # their session was too slow, or closing
    errors: int = 0  # messages received that were answered by an error

    def open(self) -> None:
        self.sessions_open += 1
        self.sessions_opened += 1
        self.sessions_most = max(self.sessions_most, self.sessions_open)

    def close(self) -> None:
        self.sessions_open -= 1
        self.sessions_closed += 1

    def reset(self) -> None:
        """Count from zero. Sessions that are open stay so: how many is a fact, not a count."""
        fresh = Traffic(sessions_open=self.sessions_open, sessions_most=self.sessions_open)
        for name, value in fresh.plain().items():
            setattr(self, name, value)

    def plain(self) -> dict[str, int]:
        return asdict(self)
