"""How long to wait between attempts to reopen a session that was lost."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from atlas_perf.units import NS_PER_S, parse_duration_ns


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays that double from `first` to `longest`, each shortened at random by up to `jitter`.

    Attributes:
        first: before the second attempt; the first is made at once.
        longest: no delay is longer.
        attempts: how many are made before the session is given up.
        jitter: share of a delay, 0 to 1, that chance may take off, so that sessions that were lost
            together do not come back together.
    """

    first: str | timedelta = "100ms"
    longest: str | timedelta = "10s"
    attempts: int = 10
    jitter: float = 0.5

    def __post_init__(self) -> None:
        for name in ("first", "longest"):
            try:
                parse_duration_ns(getattr(self, name))
            except (ValueError, TypeError) as error:
                raise ValueError(f"Backoff {name}: {error}") from None
        if not isinstance(self.attempts, int) or self.attempts < 1:
            raise ValueError(f"Backoff attempts: at least 1, not {self.attempts!r}")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"Backoff jitter: a share from 0 to 1, not {self.jitter!r}")

    def delay_s(self, attempt: int, chance: random.Random) -> float:
        """How long to wait before an attempt; the first has the number 0."""
        if attempt == 0:
            return 0.0
        first_ns, longest_ns = parse_duration_ns(self.first), parse_duration_ns(self.longest)
        whole_ns = min(first_ns << min(attempt - 1, 60), longest_ns)
        return whole_ns * (1 - self.jitter * chance.random()) / NS_PER_S
