"""A sketch's bins as buckets of an exponential histogram, as Prometheus and OpenTelemetry have it.

At scale n bucket i holds values in (2^((i-1)/2^n), 2^(i/2^n)] (Prometheus' numbering;
OpenTelemetry's is one lower). A bin of the sketch is wider or narrower than a bucket and
begins elsewhere, so each bin goes as a whole to the bucket of its middle, which is at most 1 %
from any value in the bin. A reader finds a value somewhere in that bucket, which is 2^(2^-n) wide:

    scale   width     error of a quantile at most
    8       0.27 %    1.3 %
    6       1.09 %    2.1 %
    5       2.19 %    3.2 %

Counts and sums stay exact.
"""

from __future__ import annotations

import math
from functools import cache

from atlas_perf.sketch.ddsketch import Sketch

_LN_2 = math.log(2.0)


def exponential_buckets(sketch: Sketch, scale: int, unit: float) -> dict[int, int]:
    """Counts by bucket in Prometheus' numbering, rising; zeros are not among them.

    Args:
        unit: what values are divided by: 1e9 makes seconds of nanoseconds.
    """
    places = _places(sketch.relative_accuracy, scale, unit)
    buckets: dict[int, int] = {}
    for number, count in sorted(sketch.bins().items()):
        bucket = places[number]
        buckets[bucket] = buckets.get(bucket, 0) + count
    return buckets


class _Places(dict[int, int]):
    """The bucket of each bin, computed once: all histograms of a run ask for the same ones."""

    def __init__(self, accuracy: float, scale: int, unit: float) -> None:
        self._gamma_ln = math.log1p(2 * accuracy / (1 - accuracy))
        # A bin's middle is 2 γ^i / (γ + 1), as much above its lower end as below its upper one.
        self._middle_ln = math.log1p(-accuracy) - math.log(unit)
        self._per_octave = 2.0**scale

    def __missing__(self, number: int) -> int:
        middle_ln = number * self._gamma_ln + self._middle_ln
        bucket = self[number] = math.ceil(middle_ln / _LN_2 * self._per_octave)
        return bucket


_places = cache(_Places)
