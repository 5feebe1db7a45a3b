"""Detail that was given up is confessed; a run that gave up none says nothing."""

from __future__ import annotations

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.measurement_notes import (
    CHECKS_CAP_REACHED,
    SERIES_CAP_REACHED,
    measurement_notes,
)
from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    NewSeries,
    RateDelta,
    TrendDelta,
    WorkerHealth,
)
from atlas_perf.model.metric import BUILTIN_METRICS, Metric, MetricKind
from atlas_perf.model.series import CHECKS_CAP, OTHER_TAGS, Series, tags_of
from atlas_perf.sketch.ddsketch import Sketch

SIZES = Metric("sizes", MetricKind.TREND)


def merged(*values: float, health: WorkerHealth | None = None) -> Aggregator:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    aggregator = Aggregator([SIZES], 1)
    new = (NewSeries(0, SIZES, Series("sizes")),)
    delta = TrendDelta(0, sketch.to_bytes())
    aggregator.merge(Batch(0, 0, 0, new, (delta,), health=health or WorkerHealth()))
    return aggregator


def test_an_ordinary_run_has_nothing_to_confess() -> None:
    assert list(measurement_notes(merged(1, 10, 1e9))) == []


def test_values_too_far_apart_are_named() -> None:
    (note,) = measurement_notes(merged(1e-300, 1e280))
    assert note.startswith("the values of sizes span too many orders of magnitude")


def test_values_that_were_refused_are_counted() -> None:
    (note,) = measurement_notes(merged(1, health=WorkerHealth(refused_samples=3)))
    assert note.startswith("3 values were refused, being NaN, infinite or negative")


def test_folded_series_are_named() -> None:
    folded = merged(1, health=WorkerHealth(overflowed_samples=3))
    assert list(measurement_notes(folded)) == [SERIES_CAP_REACHED]


def many_checks(count: int, *, requests_folded: bool) -> Aggregator:
    """A run with so many checks by name, some in `(other)`, and requests there too or not."""
    checks, requests = BUILTIN_METRICS["checks"], BUILTIN_METRICS["http_reqs"]
    tags = [tags_of({"check": f"order {number}"}) for number in range(count)]
    tags.append(tags_of({"check": "(other)", "name": "(other)"}))
    new = [NewSeries(i, checks, Series("checks", each)) for i, each in enumerate(tags)]
    deltas = [RateDelta(number, 1, 1) for number in range(len(tags))]
    if requests_folded:
        new.append(NewSeries(len(tags), requests, Series("http_reqs", OTHER_TAGS)))
        deltas.append(CounterDelta(len(tags), 1, 1.0))
    aggregator = Aggregator([], 1)
    health = WorkerHealth(overflowed_samples=1)
    aggregator.merge(Batch(0, 0, 0, tuple(new), tuple(deltas), health=health))
    return aggregator


def test_too_many_checks_are_named_as_what_they_are() -> None:
    few, many = CHECKS_CAP - 1, CHECKS_CAP
    notes = [
        list(measurement_notes(many_checks(count, requests_folded=folded)))
        for count, folded in ((few, False), (many, False), (many, True))
    ]
    assert notes == [
        [SERIES_CAP_REACHED],
        [CHECKS_CAP_REACHED],
        [CHECKS_CAP_REACHED, SERIES_CAP_REACHED],
    ]
