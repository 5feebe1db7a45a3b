"""Runs that never were, of four kinds of noise.

A run is 120 s of requests that arrive at random, 200 a second:

    latency = 20 ms x exp(run effect + AR(1) of the second + 0.5 N(0, 1))

One in a hundred takes (1 + Pareto(1.5)) times as long. In one second of sixty the server collects
garbage: 30 % of its requests wait up to 200 ms more. A slower build is all of that times a factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import MOST_WINDOWS, KeptRate, KeptTrend, RunSketches
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

LENGTH_S = 120
PER_S = 200
WINDOW_S = LENGTH_S // MOST_WINDOWS

_MEDIAN_NS = 20 * NS_PER_MS
_SPREAD = 0.5
_TAIL_SHARE, _TAIL_SHAPE = 0.01, 1.5
_GC_SECONDS, _GC_SHARE, _GC_MOST_NS = 1 / 60, 0.3, 200 * NS_PER_MS

_BURST_BEGINS, _BURST_ENDS = 1 / 60, 1 / 5  # in a second, so one a minute of five seconds
_FAILING, _FAILING_IN_BURST = 0.0005, 0.1


@dataclass(frozen=True, slots=True)
class Regime:
    """How seconds of a run hang together, and how much runs of one build differ."""

    name: str
    phi: float  # of the AR(1): how much of a second's drift is left in the next
    drift_sd: float  # its deviation, of logarithms
    run_sd: float  # of the run effect, of logarithms


REGIMES = (
    Regime("E1", 0.7, 0.05, 0.0),
    Regime("E2", 0.9, 0.10, 0.0),
    Regime("E3", 0.9, 0.10, 0.03),
    Regime("E4", 0.9, 0.10, 0.06),
)


@dataclass(frozen=True, slots=True)
class SimulatedRun:
    """Latencies in nanoseconds, cut into the windows that a run keeps."""

    windows: tuple[NDArray[np.floating[Any]], ...]

    @property
    def latencies(self) -> NDArray[np.floating[Any]]:
        return np.concatenate(self.windows)

    def slower(self, shift: float) -> SimulatedRun:
        return SimulatedRun(tuple(window * (1 + shift) for window in self.windows))

    def kept(self) -> RunSketches:
        """What `compare` reads of such a run, by the sketch that it is measured with."""
        sketches = []
        for window in self.windows:
            sketch = Sketch()
            sketch.add_many(window.data)
            sketches.append(sketch.to_bytes())
        trend = KeptTrend("http_req_duration", Contains.TIME, 0, tuple(sketches))
        return RunSketches("", (WINDOW_S,) * MOST_WINDOWS, (trend,))


def simulated(random: np.random.Generator, regime: Regime) -> SimulatedRun:
    """One run of the base."""
    per_second = random.poisson(PER_S, LENGTH_S)
    second = np.repeat(np.arange(LENGTH_S), per_second)
    requests = second.size
    drift = _drift(random, regime)[second]
    centre = math.log(_MEDIAN_NS) + random.normal(0, regime.run_sd)
    latencies = np.exp(centre + drift + _SPREAD * random.standard_normal(requests))
    tail = random.random(requests) < _TAIL_SHARE
    latencies[tail] *= 1 + random.pareto(_TAIL_SHAPE, int(tail.sum()))
    collecting = (random.random(LENGTH_S) < _GC_SECONDS)[second]
    waiting = collecting & (random.random(requests) < _GC_SHARE)
    latencies[waiting] += random.uniform(0, _GC_MOST_NS, int(waiting.sum()))
    ends = np.searchsorted(second, np.arange(WINDOW_S, LENGTH_S, WINDOW_S))
    return SimulatedRun(tuple(np.split(latencies, ends)))


def failing(random: np.random.Generator, times: float) -> RunSketches:
    """A run whose failures come in bursts, of a build that fails so many times as often."""
    per_second = random.poisson(PER_S, LENGTH_S)
    shares = np.where(_in_burst(random), _FAILING_IN_BURST, _FAILING) * times
    failed = random.binomial(per_second, shares)
    windows = tuple(
        (int(passes.sum()), int(samples.sum()))
        for passes, samples in zip(
            np.split(failed, MOST_WINDOWS), np.split(per_second, MOST_WINDOWS), strict=True
        )
    )
    kept = KeptRate("http_req_failed", windows)
    return RunSketches("", (WINDOW_S,) * MOST_WINDOWS, rates=(kept,))


def _drift(random: np.random.Generator, regime: Regime) -> NDArray[np.float64]:
    """Of each second; its deviation is the same from the first on."""
    steps = random.standard_normal(LENGTH_S) * regime.drift_sd
    fresh = math.sqrt(1 - regime.phi**2)
    drift = np.empty(LENGTH_S)
    drift[0] = steps[0]
    for second in range(1, LENGTH_S):
        drift[second] = regime.phi * drift[second - 1] + fresh * steps[second]
    return drift


def _in_burst(random: np.random.Generator) -> NDArray[np.bool_]:
    inside = random.random() < _BURST_BEGINS / (_BURST_BEGINS + _BURST_ENDS)
    burst = np.empty(LENGTH_S, dtype=np.bool_)
    for second, chance in enumerate(random.random(LENGTH_S)):
        burst[second] = inside
        inside = chance >= _BURST_ENDS if inside else chance < _BURST_BEGINS
    return burst
