"""What became of a message that was to be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atlas_perf.protocols.http.json_text import decode_json
from atlas_perf.protocols.ws.inbox import Message
from atlas_perf.units import NS_PER_MS


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer, or why there is none.

    Attributes:
        message: the answer as it came; None without one.
        duration_ns: from handing the message over until its answer was read, or until it was lost.
        error: empty with an answer.
        out_of_order: the answer to a later message came before.
    """

    message: Message | None
    duration_ns: int
    error: str = ""
    out_of_order: bool = False

    @property
    def ok(self) -> bool:
        """True if it was answered in time."""
        return not self.error

    @property
    def duration_ms(self) -> float:
        return self.duration_ns / NS_PER_MS

    def json(self) -> Any:
        """The answer read as JSON.

        Raises:
            ValueError: if it is none, or there is no answer.
        """
        if self.message is None:
            raise ValueError(f"there is no answer: {self.error}")
        return decode_json(self.message.encode() if isinstance(self.message, str) else self.message)
