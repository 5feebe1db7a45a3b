"""A run of iterations that did nothing anybody could see: what it passes says little."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.model.metric import FORGOTTEN_AWAITS
from atlas_perf.model.snapshot import Snapshot
from atlas_perf.model.summary import ThresholdResult

_OF_ANY_LOAD = frozenset(
    {
        "vus",
        "vus_max",
        "iterations",
        "iteration_duration",
        "iteration_failed",
        "iteration_lag",
        "iteration_wait",
        "dropped_iterations",
        FORGOTTEN_AWAITS,
        "data_sent",
        "data_received",
    }
)
"""What is recorded of iterations that return at once, too."""

NOTHING_MEASURED = (
    "No request, message, check, group or metric of its own was measured: the run shows that its "
    "iterations ended, and nothing about a target. Does the scenario return early?"
)


def nothing_measured_note(results: Sequence[ThresholdResult], snapshot: Snapshot) -> str:
    """A sentence if iterations completed and left nothing else, else an empty string.

    A plan with criteria of its own says what it is after, be it the duration of its iterations;
    and work that the scenario does by other libraries is none that is seen here. So this is said,
    and decides nothing.
    """
    if not results or not all(result.default_gate for result in results):
        return ""  # without any it is said that nothing was judged
    if not any(ledger.completed for ledger in snapshot.ledger().values()):
        return ""  # which is said, and worse
    seen = any(
        name not in _OF_ANY_LOAD and any(True for _ in snapshot.series(name))
        for name in snapshot.metrics()
    )
    return "" if seen else NOTHING_MEASURED
