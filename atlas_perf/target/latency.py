"""How long the target takes to answer: a seeded model for each operation.

The models are data: `HEALTHY` is the table of defaults, and a TOML file may replace rows of it.
"""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from atlas_perf.errors import UsageError

MAX_MS = 600_000.0
"""No model waits longer than ten minutes: a draw beyond it is cut off there."""

Draw = Callable[[], float]
"""Gives one latency after the other, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    shape: ClassVar[str] = "fixed"
    ms: float

    def draws(self, source: random.Random) -> Draw:  # noqa: ARG002
        return lambda: self.ms


@dataclass(frozen=True, slots=True)
class Lognormal:
    """What most services are like: with the default sigma p95 is 1.9, p99 2.5 times the median."""

    shape: ClassVar[str] = "lognormal"
    median_ms: float
    sigma: float = 0.4

    def draws(self, source: random.Random) -> Draw:
        if not self.median_ms:
            return lambda: 0.0
        mu = math.log(self.median_ms)
        return lambda: source.lognormvariate(mu, self.sigma)


@dataclass(frozen=True, slots=True)
class Bimodal:
    """Two lognormals: most answers are fast, a share is slow, as with a cache."""

    shape: ClassVar[str] = "bimodal"
    fast_median_ms: float
    slow_median_ms: float
    slow_share: float
    sigma: float = 0.4

    def draws(self, source: random.Random) -> Draw:
        fast = Lognormal(self.fast_median_ms, self.sigma).draws(source)
        slow = Lognormal(self.slow_median_ms, self.sigma).draws(source)
        return lambda: slow() if source.random() < self.slow_share else fast()


@dataclass(frozen=True, slots=True)
class HeavyTail:
    """A Pareto from `least_ms` on: ten times as long is 10**alpha times as rare.

    With the default alpha, p95 is 4.5, p99 10 and p99.9 32 times `least_ms`.
    """

    shape: ClassVar[str] = "heavy-tail"
    least_ms: float
    alpha: float = 2.0
    most_ms: float = MAX_MS

    def draws(self, source: random.Random) -> Draw:
        return lambda: min(self.least_ms * source.paretovariate(self.alpha), self.most_ms)


Model = Fixed | Lognormal | Bimodal | HeavyTail

SHAPES: Mapping[str, type[Model]] = {
    kind.shape: kind for kind in (Fixed, Lognormal, Bimodal, HeavyTail)
}

HEALTHY: Mapping[str, Model] = {
    "health": Lognormal(1.0),
    "metrics": Lognormal(1.0),
    "runs.create": Lognormal(8.0),
    "runs.list": Lognormal(5.0),
    "runs.read": Lognormal(3.0),
    "runs.graft": Lognormal(6.0),
    "runs.prune": Lognormal(6.0),
    "runs.flag": Lognormal(6.0),
    "runs.delete": Lognormal(4.0),
    "runs.stream": Lognormal(4.0),
    "tasks.submit": Lognormal(7.0),
    "tasks.status": Lognormal(3.0),
    "tasks.queue": Lognormal(5.0),
    "tasks.execute": Lognormal(8.0),
    "tasks.cancel": Lognormal(4.0),
    "agents.read": Lognormal(2.0),
    "ws.connect": Lognormal(5.0),
}
"""The model of every operation, unless told otherwise. `runs.stream` and `ws.connect` are the time
until the head of the answer."""


def service_latency(
    operation: str, *, seed: int, scale: float, models: Mapping[str, Model] = HEALTHY
) -> Callable[[], float]:
    """The source of one operation's service latencies, in seconds.

    Each operation draws from a stream of its own, so that the n-th answer of one is as slow as
    before when the traffic of another changes. A scale of 0 answers without delay.
    """
    if scale == 0:
        return lambda: 0.0
    draw = models[operation].draws(random.Random(f"latency:{operation}:{seed}"))
    return lambda: min(draw() * scale, MAX_MS) / 1000


def read_models(file: Path) -> Mapping[str, Model]:
    """The table of defaults with the rows that a TOML file replaces.

    A row is an operation with a shape and its numbers:
    `"runs.list" = {shape = "bimodal", fast_median_ms = 5, slow_median_ms = 80, slow_share = 0.1}`.

    Raises:
        UsageError: the file cannot be read, or a row cannot be used; it names file and row.
    """
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise UsageError(f"{file} is not TOML: {error}") from error
    return {**HEALTHY, **{name: _model(row, name, file) for name, row in rows.items()}}


def _model(row: object, operation: str, file: Path) -> Model:
    place = f"{file}: {operation!r}"
    if operation not in HEALTHY:
        raise UsageError(f"{place} is no operation; there are {', '.join(HEALTHY)}")
    if not isinstance(row, dict) or row.get("shape") not in SHAPES:
        raise UsageError(f'{place} needs a shape: {{shape = "…", …}}, one of {", ".join(SHAPES)}')
    kind = SHAPES[row["shape"]]
    numbers = {name: value for name, value in row.items() if name != "shape"}
    known = [field.name for field in fields(kind)]
    for name, value in numbers.items():
        if name not in known:
            raise UsageError(f"{place} has {name}; {kind.shape} takes {', '.join(known)}")
        if not _is_usable(name, value):
            most = 1 if name == "slow_share" else int(MAX_MS)
            raise UsageError(f"{place}: {name} must be a number from 0 to {most}, not {value!r}")
    try:
        return kind(**numbers)
    except TypeError:
        missing = ", ".join(name for name in known if name not in numbers)
        raise UsageError(f"{place} lacks a number; {kind.shape} also takes {missing}") from None


def _is_usable(name: str, value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    if name == "alpha" and value == 0:
        return False
    return 0 <= value <= (1 if name == "slow_share" else MAX_MS)
