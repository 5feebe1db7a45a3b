"""Runs that never were: latencies that drift within a run, and runs of one build that differ.

latency = 20 ms x exp(shift + run effect + AR(1) of each second + 0.5 N(0, 1)); failures come in
bursts.
"""

from __future__ import annotations

import math
from array import array
from random import Random

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import MOST_WINDOWS, KeptRate, KeptTrend, RunSketches
from atlas_perf.sketch.ddsketch import Sketch

LENGTH_S = 120
_PER_S = 30


def simulated_run(
    random: Random,
    *,
    shift: float = 1.0,
    run_sd: float = 0.05,
    failing: float = 0.01,
    per_s: int = _PER_S,
    latencies: bool = True,
) -> RunSketches:
    """A run of two minutes of a build that is `shift` times as slow as the base."""
    effect, drift = math.log(shift) + random.gauss(0, run_sd), 0.0
    seconds = LENGTH_S // MOST_WINDOWS
    sketches, shares = [], []
    for _ in range(MOST_WINDOWS):
        sketch, failed = Sketch(), 0
        for _ in range(seconds):
            drift = 0.7 * drift + random.gauss(0, 0.035)
            centre = math.log(20e6) + effect + drift
            sketch.add_many(
                array(
                    "d",
                    [math.exp(random.gauss(centre, 0.5)) for _ in range(per_s if latencies else 0)],
                )
            )
            if random.random() < failing * 4:  # a quarter of the requests of a bad second
                failed += per_s // 4
        sketches.append(sketch.to_bytes())
        shares.append((failed, seconds * per_s))
    return RunSketches(
        "steady",
        (seconds,) * MOST_WINDOWS,
        (KeptTrend("http_req_duration", Contains.TIME, 0, tuple(sketches)),),
        (KeptRate("http_req_failed", tuple(shares)),),
    )
