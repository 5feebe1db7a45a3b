"""How long the target takes to answer: a seeded lognormal for each operation."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

MEDIAN_MS: Mapping[str, float] = {
    "health": 1.0,
    "runs.create": 8.0,
    "runs.list": 5.0,
    "runs.read": 3.0,
    "runs.graft": 6.0,
    "runs.delete": 4.0,
    "tasks.submit": 7.0,
    "tasks.status": 3.0,
    "tasks.queue": 5.0,
    "tasks.execute": 8.0,
    "tasks.cancel": 4.0,
    "ws.connect": 5.0,
}

SPREAD = 0.4
"""Sigma of the lognormal: p95 is 1.9 and p99 2.5 times the median."""


def service_latency(operation: str, *, seed: int, scale: float) -> Callable[[], float]:
    """The source of one operation's service latencies, in seconds.

    Each operation draws from a stream of its own, so that the n-th answer of one is as slow as
    before when the traffic of another changes. A scale of 0 answers without delay.
    """
    if scale == 0:
        return lambda: 0.0
    draw = random.Random(f"latency:{operation}:{seed}").lognormvariate
    mu = math.log(MEDIAN_MS[operation] * scale / 1000)
    return lambda: draw(mu, SPREAD)
