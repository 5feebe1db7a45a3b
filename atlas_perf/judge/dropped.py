"""Was the planned load offered? Iterations that were due and never started, where they count."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.model.batch import Ledger
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import Selector, tags_of
from atlas_perf.model.snapshot import CounterTotal, Snapshot, TrendTotal

DROPPED_SHARE_LIMIT = 0.01
"""More scheduled iterations than this never started: the planned load was not offered."""


def dropped_reasons(scenario: str, ledger: Ledger, snapshot: Snapshot) -> Iterator[str]:
    """A sentence if too much of what counts of a scenario's iterations was dropped."""
    begun, dropped_then = _in_uncounted_phase(scenario, snapshot)
    scheduled = ledger.scheduled - begun - dropped_then
    dropped = ledger.dropped - dropped_then
    if dropped > DROPPED_SHARE_LIMIT * scheduled:
        after = f" after its {snapshot.uncounted_phase}" if begun or dropped_then else ""
        share = dropped / scheduled * 100
        yield (
            f"Scenario {scenario} never started {dropped} of the {scheduled} iterations that were "
            f"scheduled{after} ({share:.1f} %): the planned load was not offered, so give it more "
            "virtual users (maxVUs of an arrival rate) or more time."
        )


def dropped_notes(snapshot: Snapshot) -> Iterator[str]:
    """What was dropped in a phase that does not count: said, and without weight."""
    for scenario in snapshot.ledger():
        begun, dropped = _in_uncounted_phase(scenario, snapshot)
        if dropped:
            yield (
                f"scenario {scenario} never started {dropped} of the {begun + dropped} iterations "
                f"of its {snapshot.uncounted_phase}, which does not count: with more virtual users "
                "ready (preAllocatedVUs) it warms up what was planned"
            )


def _in_uncounted_phase(scenario: str, snapshot: Snapshot) -> tuple[int, int]:
    """How many of a scenario's iterations were begun and dropped in a phase that does not count."""
    phase = snapshot.uncounted_phase
    if phase is None:
        return 0, 0
    tags = tags_of({"scenario": scenario, PHASE_TAG: phase})
    took = snapshot.total(Selector("iteration_duration", tags))
    dropped = snapshot.total(Selector("dropped_iterations", tags))
    return (
        took.samples + took.beyond if isinstance(took, TrendTotal) else 0,
        round(dropped.total) if isinstance(dropped, CounterTotal) else 0,
    )
