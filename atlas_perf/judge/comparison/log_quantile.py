"""A quantile as a logarithm, interpolated inside the sketch's bin.

Middles of bins move in steps of 2 %, which is much beside a margin of 5 %. Values are spread
evenly over the logarithms within a bin, which is within 0.3 % of the raw p95 and 0.7 % of the p99.
"""

from __future__ import annotations

import math

from atlas_perf.sketch.ddsketch import Sketch


def log_quantile(sketch: Sketch, q: float) -> float | None:
    """ln of the value at quantile `q`, 0 to 1; None if there is none, or it is zero."""
    if sketch.count == 0:
        return None
    rank = q * (sketch.count - 1) + 0.5
    below = float(sketch.zero_count)
    if rank <= below:
        return None
    accuracy = sketch.relative_accuracy
    log_gamma = math.log1p(2 * accuracy / (1 - accuracy))
    found = math.log(sketch.max)
    for key, count in sketch.bins().items():
        if rank <= below + count:
            found = (key - 1 + (rank - below) / count) * log_gamma
            break
        below += count
    if sketch.min > 0:
        found = max(found, math.log(sketch.min))
    return min(found, math.log(sketch.max))
