"""The planned load that was not offered, where a warm-up counts and where it does not."""

from __future__ import annotations

import pytest
from exact_snapshot import ExactSnapshot

from atlas_perf.judge.dropped import dropped_notes
from atlas_perf.judge.validity import invalid_reasons
from atlas_perf.model.batch import Ledger


def run(
    *, warm: tuple[int, int, int], counted: tuple[int, int], excluded: bool = True
) -> ExactSnapshot:
    """Iterations begun and ended, interrupted and dropped in the warm-up; and after it, begun and
    dropped."""
    ended, interrupted, dropped_then = warm
    begun, dropped = counted
    snapshot = ExactSnapshot(uncounted_phase="warm-up" if excluded else None)
    for phase, durations, drops in (("warm-up", ended, dropped_then), ("steady", begun, dropped)):
        tags = {"scenario": "api", "phase": phase}
        snapshot.add_ms("iteration_duration", *[1.0] * durations, **tags)
        snapshot.add("dropped_iterations", *[1.0] * drops, **tags)
    snapshot.add_ms(
        "iteration_duration",
        *[1.0] * interrupted,
        scenario="api",
        phase="warm-up",
        expected_response="unknown",
    )
    snapshot.ledgers = {
        "api": Ledger(
            scheduled=sum(warm) + sum(counted),
            started=ended + interrupted + begun,
            dropped=dropped + dropped_then,
            completed=ended + begun,
            interrupted=interrupted,
        )
    }
    return snapshot


def reasons(snapshot: ExactSnapshot) -> tuple[str, ...]:
    return invalid_reasons(snapshot, stopped_early=False)


def test_what_was_dropped_in_a_warm_up_is_named_and_proves_nothing_against_the_run() -> None:
    snapshot = run(warm=(50, 0, 150), counted=(1000, 0))
    assert reasons(snapshot) == ()
    assert list(dropped_notes(snapshot)) == [
        "scenario api never started 150 of the 200 iterations of its warm-up, which does not "
        "count: with more virtual users ready (preAllocatedVUs) it warms up what was planned"
    ]


@pytest.mark.parametrize(("dropped", "invalid"), [(10, False), (11, True)])
def test_a_warm_up_does_not_dilute_what_was_dropped_after_it(dropped: int, invalid: bool) -> None:
    snapshot = run(warm=(1800, 200, 0), counted=(1000 - dropped, dropped))
    assert (reasons(snapshot) != ()) is invalid
    assert list(dropped_notes(snapshot)) == []


def test_the_sentence_is_about_what_counts() -> None:
    (reason,) = reasons(run(warm=(10, 0, 10), counted=(900, 100)))
    assert reason.startswith(
        "Scenario api never started 100 of the 1000 iterations that were scheduled after its "
        "warm-up (10.0 %): the planned load was not offered"
    )


def test_a_warm_up_that_counts_is_held_against_the_run() -> None:
    snapshot = run(warm=(50, 0, 150), counted=(1000, 0), excluded=False)
    (reason,) = reasons(snapshot)
    assert "never started 150 of the 1200 iterations that were scheduled (12.5 %)" in reason
    assert list(dropped_notes(snapshot)) == []
