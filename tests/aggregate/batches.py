"""Batches as workers send them, made from a few numbers."""

from __future__ import annotations

from collections.abc import Iterable

from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    Delta,
    GaugeDelta,
    NewSeries,
    RateDelta,
    TrendDelta,
)
from atlas_perf.model.metric import BUILTIN_METRICS, Metric
from atlas_perf.model.series import Series, tags_of
from atlas_perf.sketch.ddsketch import Sketch

MS = 1_000_000.0
S = 1_000_000_000


def named(number: int, metric: str | Metric, **tags: str) -> NewSeries:
    known = BUILTIN_METRICS[metric] if isinstance(metric, str) else metric
    return NewSeries(number, known, Series(known.name, tags_of(tags)))


def trend(number: int, *values: float, times: int = 1) -> TrendDelta:
    sketch = Sketch()
    for value in values:
        sketch.add(value, times)
    return TrendDelta(number, sketch.to_bytes())


def counter(number: int, total: float, samples: int = 1) -> CounterDelta:
    return CounterDelta(number, samples, total)


def rate(number: int, passes: int, samples: int) -> RateDelta:
    return RateDelta(number, passes, samples)


def gauge(number: int, value: float, at_ns: int) -> GaugeDelta:
    return GaugeDelta(number, 1, value, at_ns, value, value)


def batch(
    sequence: int,
    *deltas: Delta,
    worker: int = 0,
    interval: int | None = None,
    new: Iterable[NewSeries] = (),
    **rest: object,
) -> Batch:
    """`interval` is the sequence number unless given: one batch a second."""
    return Batch(
        worker=worker,
        sequence=sequence,
        interval=sequence if interval is None else interval,
        new_series=tuple(new),
        deltas=deltas,
        **rest,
    )
