"""Who wants to know of a response's content while it arrives, instead of having it kept."""

from __future__ import annotations

from typing import Protocol

from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.timings import Stopwatch


class ContentListener(Protocol):
    """Of one request; its redirects are told to it as well, and it tells them apart by the head."""

    def follows(self, watch: Stopwatch) -> None:
        """A round trip begins, with this stop-watch."""
        ...

    def arrived(
        self, parser: ResponseParser, pieces: list[bytes], at_ns: int
    ) -> RequestFailure | None:
        """The head has come, and content: called once for each reading of the socket.

        Runs while sockets are read, so it must be quick and run no code of others. What it returns
        ends the request.
        """
        ...

    def has_left(self) -> bool:
        """Asked of a request that was cancelled: true if its caller had what it wanted, so that
        what has come is the whole response. The stop-watch then has its last byte."""
        ...
