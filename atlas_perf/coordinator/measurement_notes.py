"""What the measurements themselves have to confess: detail that was given up to stay bounded."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.judge.no_data import FOLD_FEWER
from atlas_perf.judge.validity import lag_note
from atlas_perf.model.series import OTHER

SERIES_CAP_REACHED = (
    "there are more series than are kept apart, so further ones were measured together as "
    f"'{OTHER}': {FOLD_FEWER}"
)


def measurement_notes(aggregator: Aggregator) -> Iterator[str]:
    """Sentences for the end of the run, in the form of its other warnings."""
    if series_cap_reached(aggregator):
        yield SERIES_CAP_REACHED
    lag = lag_note(aggregator)
    if lag is not None:
        yield lag
    for metric in aggregator.collapsed_metrics():
        yield (
            f"the values of {metric} span too many orders of magnitude: its lowest percentiles "
            "are less accurate than promised"
        )


def series_cap_reached(aggregator: Aggregator) -> bool:
    """True once a worker or the coordinator folded samples into `(other)`."""
    return aggregator.series_overflowed or any(
        worker.overflowed_samples for worker in aggregator.workers()
    )
