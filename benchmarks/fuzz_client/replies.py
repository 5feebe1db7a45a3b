"""What a server has sent in answer to one request, and what a client may make of it."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.protocols.http._response_reader import ResponseReader
from atlas_perf.protocols.http.urls import Origin
from benchmarks.fuzz_client.verdicts import reading_of

LOST_BEFORE = tuple(
    f"{what} before the response"
    for what in ("connection closed", "connection reset by peer", "broken pipe")
)
"""Errors of a request that was sent in vain."""


@dataclass(slots=True)
class Reply:
    """An answer as far as it has come across.

    Attributes:
        head: of the request, whose content is `content`.
        origin: where the client believed to send it.
        on_kept: the connection had carried another request before.
        delivered: bytes that have come across whole and undamaged, in clear.
        ended: the server has said that this is all.
        cut: the server has closed the connection, in whatever way.
        poisoned: damaged bytes of TLS may have come after these.
    """

    method: str
    head: bytes = b""
    content: bytes = b""
    origin: Origin = ("http", "", 80)
    on_kept: bool = False
    delivered: bytes = b""
    ended: bool = False
    cut: bool = False
    was_reset: bool = False
    poisoned: bool = False
    _reading: ResponseReader | None = None
    _read: tuple[int, bool] = (-1, False)

    def read(self) -> ResponseReader:
        """What the parser makes of it all in one piece."""
        so_far = (len(self.delivered), self.ended)
        if self._reading is None or self._read != so_far:
            self._reading = reading_of(self.method, self.delivered, ended=self.ended)
            self._read = so_far
        return self._reading

    @property
    def is_whole(self) -> bool:
        """True if it is a response."""
        return self.read().complete

    @property
    def is_decided(self) -> bool:
        """True if no more can come that makes it another response, or one at all."""
        reading = self.read()
        return bool(self.cut or reading.complete or reading.refusal)

    @property
    def is_void(self) -> bool:
        """True if its request may be sent once more."""
        return self.cut and self.on_kept and not self.delivered and self.method != "POST"

    @property
    def keeps_connection(self) -> bool:
        """True if another request may follow on the connection."""
        reading = self.read()
        head = reading.head
        in_order = reading.complete and head is not None and head.keep_alive
        return bool(in_order and not reading.surplus and not self.cut)

    def expected_errors(self) -> tuple[str, ...]:
        """How the error of a client may begin that got this, which is no response."""
        reading = self.read()
        if reading.refusal and not reading.refusal.startswith("truncated"):
            return ("malformed response: ",)
        errors: tuple[str, ...]
        if not self.delivered:
            errors = LOST_BEFORE
        elif self.was_reset:
            errors = ("connection reset by peer within the response",)
        elif self.origin[0] == "https" and not self.ended:
            errors = ("connection closed without close_notify within the response",)
        else:
            errors = ("connection closed within the response",)
        return (*errors, "tls: ") if self.poisoned else errors

    def __str__(self) -> str:
        states = ("on_kept", "ended", "was_reset", "cut", "poisoned")
        flags = ", ".join(name for name in states if getattr(self, name))
        return f"{self.head!r} at {self.origin} [{flags}]: {self.delivered.hex() or '-'}"
