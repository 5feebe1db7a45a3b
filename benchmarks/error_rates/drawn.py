"""What the target of a real run drew: a seed gives the same service latencies again.

So what a study measured can be held against what there was to measure, and a bias of the
measurement is told from the chance of the draws.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from atlas_perf.target.latency import read_models, service_latency

OPERATION = "runs.list"


def log_p95(latencies: Path, *, seed: int, shift: float, requests: int) -> float:
    """ln of the exact p95 of a run's service latencies, in seconds.

    Args:
        latencies: the file that the target was given.
        seed: the target's.
    """
    models = read_models(latencies)
    draw = service_latency(OPERATION, seed=seed, scale=1 + shift, models=models)
    return math.log(float(np.quantile([draw() for _ in range(requests)], 0.95)))
