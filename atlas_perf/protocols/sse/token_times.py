"""When the tokens of an AI's answer came, in the terms of LLM serving benchmarks.

An event that carries several tokens brings them at one instant. See docs/streams.md for whose
definitions these are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from atlas_perf.protocols.http.timings import ABSENT
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.sse.stream_opening import TokenCount
from atlas_perf.units import NS_PER_S


class TokenTimes:
    """Of one answer.

    Attributes:
        tokens: how many have come.
        first_ns, last_ns: when the first and the last event with a token arrived.
        gaps_ns: between each event with a token and the one before it: inter-token latencies.
    """

    __slots__ = ("_count", "first_ns", "gaps_ns", "last_ns", "tokens")

    def __init__(self, count: TokenCount) -> None:
        self._count = count
        self.tokens = 0
        self.first_ns = ABSENT
        self.last_ns = ABSENT
        self.gaps_ns = array("q")

    def take(self, event: ServerSentEvent) -> None:
        """Count one event.

        Raises:
            TypeError, ValueError: if the scenario's function counts no tokens.
        """
        count = self._count(event)
        if not isinstance(count, int):
            raise TypeError(f"tokens= is to count tokens, and said {count!r}")
        if count < 0:
            raise ValueError(f"tokens= cannot count {count} tokens")
        if count == 0:
            return
        self.tokens += count
        if self.first_ns == ABSENT:
            self.first_ns = event.arrived_ns
        else:
            self.gaps_ns.append(event.arrived_ns - self.last_ns)
        self.last_ns = event.arrived_ns

    def take_all(self, events: Iterable[ServerSentEvent]) -> None:
        """Count events that nobody has taken."""
        for event in events:
            self.take(event)

    @property
    def per_output_token_ns(self) -> int:
        """TPOT: first token to last, by the tokens after the first; ABSENT with fewer than two."""
        if self.tokens < 2:
            return ABSENT
        return (self.last_ns - self.first_ns) // (self.tokens - 1)

    @property
    def per_s(self) -> float:
        """Output tokens per second of this answer, 1 / TPOT; ABSENT if they came at one instant."""
        if self.tokens < 2 or self.last_ns == self.first_ns:
            return ABSENT
        return (self.tokens - 1) * NS_PER_S / (self.last_ns - self.first_ns)
