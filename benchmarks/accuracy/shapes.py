"""Latency distributions that a server is made to have."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

Shape = Callable[[random.Random], float]
"""From a source of chance to the next service time in seconds."""

_TAIL_CAP_S = 1.0  # so that a run ends: a Pareto of exponent 1.5 has no variance


def constant(_chance: random.Random) -> float:
    return 0.010


def lognormal(chance: random.Random) -> float:
    """Median 5 ms; what healthy services look like."""
    return 0.005 * chance.lognormvariate(0, 0.5)


def bimodal(chance: random.Random) -> float:
    """A cache that misses one time in ten; p90 lies in the gap between both modes."""
    return chance.uniform(0.0015, 0.0025) if chance.random() < 0.9 else chance.uniform(0.045, 0.055)


def heavy_tail(chance: random.Random) -> float:
    """From 2 ms on, Pareto of exponent 1.5."""
    return min(0.002 * chance.paretovariate(1.5), _TAIL_CAP_S)


SHAPES: Mapping[str, Shape] = {
    "constant": constant,
    "lognormal": lognormal,
    "bimodal": bimodal,
    "heavy-tail": heavy_tail,
}
