"""What an agent writes while its run goes on: a seeded text, token by token.

As with lifecycles nothing ticks: each token's moment follows from those of the run, so a stream
that is opened late, or twice, shows the same tokens at the same instants.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate

from atlas_perf.target.lifecycle import Lifecycle, Status

LEAST_TOKENS, MOST_TOKENS = 24, 96

FIRST_SHARE = (0.05, 0.2)
"""The first token comes after this part of the running time, evenly drawn: the time to the first
token is the longest wait, as reading the prompt is."""

LAST_SHARE = 0.97
GAP_SIGMA = 0.5
"""Gaps between tokens are lognormal: most are alike, some are several times as long."""

_WORDS = (
    "the",
    "change",
    "adds",
    "a",
    "check",
    "before",
    "each",
    "write",
    "tests",
    "cover",
    "both",
)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the answer, due after a share of the run's running time."""

    due_share: float
    text: str

    def due_ns(self, lifecycle: Lifecycle) -> int:
        running_ns = lifecycle.ended_ns - lifecycle.running_from_ns
        return lifecycle.running_from_ns + int(running_ns * self.due_share)


def tokens_of(run_id: str, lifecycle: Lifecycle, *, seed: int) -> list[Token]:
    """The answer of a run; one that fails breaks off after half of it."""
    source = random.Random(f"tokens:{seed}:{run_id}")
    count = source.randint(LEAST_TOKENS, MOST_TOKENS)
    first = source.uniform(*FIRST_SHARE)
    gaps = [source.lognormvariate(0.0, GAP_SIGMA) for _ in range(count - 1)]
    scale = (LAST_SHARE - first) / sum(gaps)
    shares = accumulate((gap * scale for gap in gaps), initial=first)
    tokens = [Token(share, f"{source.choice(_WORDS)} ") for share in shares]
    return tokens[: count // 2] if lifecycle.outcome is Status.FAILED else tokens
