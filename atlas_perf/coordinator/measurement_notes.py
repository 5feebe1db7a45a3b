"""What the measurements themselves have to confess: detail that was given up to stay bounded."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.judge.dropped import dropped_notes
from atlas_perf.judge.generator import generator_notes
from atlas_perf.judge.no_data import FOLD_FEWER, NAME_FEWER_CHECKS
from atlas_perf.model.series import CHECKS_CAP, OTHER

SERIES_CAP_REACHED = (
    "there are more series than are kept apart, so further ones were measured together as "
    f"'{OTHER}': {FOLD_FEWER}"
)

CHECKS_CAP_REACHED = (
    f"there are more than {CHECKS_CAP:,} different checks, so further ones were counted together "
    f"as '{OTHER}': {NAME_FEWER_CHECKS}"
)


def measurement_notes(aggregator: Aggregator) -> Iterator[str]:
    """Sentences for the end of the run, in the form of its other warnings."""
    yield from cap_notes(aggregator)
    refused = sum(worker.refused_samples for worker in aggregator.workers())
    if refused:
        yield f"{refused} values were refused, being NaN, infinite or negative: no metric has them"
    yield from generator_notes(aggregator)
    yield from dropped_notes(aggregator)
    for metric in aggregator.collapsed_metrics():
        yield (
            f"the values of {metric} span too many orders of magnitude: its lowest percentiles "
            "are less accurate than promised"
        )


def cap_notes(aggregator: Aggregator) -> Iterator[str]:
    """A sentence for each limit that made a worker or the coordinator fold into `(other)`."""
    folded = aggregator.series_overflowed or any(
        worker.overflowed_samples for worker in aggregator.workers()
    )
    if not folded:
        return
    if aggregator.checks_capped:
        yield CHECKS_CAP_REACHED
    if not aggregator.checks_capped or any(
        _is_folded(aggregator, metric) for metric in aggregator.metrics() if metric != "checks"
    ):
        yield SERIES_CAP_REACHED


def _is_folded(aggregator: Aggregator, metric: str) -> bool:
    return any(("name", OTHER) in series.tags for series in aggregator.series(metric))
