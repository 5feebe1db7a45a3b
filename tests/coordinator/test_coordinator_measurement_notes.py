"""Detail that was given up is confessed; a run that gave up none says nothing."""

from __future__ import annotations

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.measurement_notes import SERIES_CAP_REACHED, measurement_notes
from atlas_perf.model.batch import Batch, NewSeries, TrendDelta, WorkerHealth
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.series import Series
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


def test_folded_series_are_named() -> None:
    folded = merged(1, health=WorkerHealth(overflowed_samples=3))
    assert list(measurement_notes(folded)) == [SERIES_CAP_REACHED]
