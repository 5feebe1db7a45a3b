"""One request and its response on a connection: what the caller hands in, and learns from."""

from __future__ import annotations

from atlas_perf.protocols.http.response_parser import ResponseParser
from atlas_perf.protocols.http.timings import Stopwatch


class Exchange:
    """Stays readable whichever way the exchange ends. Counts only the bytes that it moved."""

    __slots__ = ("parser", "received_bytes", "sent_bytes", "watch")

    def __init__(self, watch: Stopwatch, *, to_head: bool) -> None:
        self.watch = watch
        self.parser = ResponseParser(to_head=to_head)
        self.sent_bytes = 0
        self.received_bytes = 0
