"""The arithmetic of `benchmarks.pacing`, and that it finds what was offered."""

from __future__ import annotations

import pytest

from benchmarks.pacing.__main__ import table
from benchmarks.pacing.server import lateness
from benchmarks.pacing.starts import measure

MS = 1_000_000


def test_lateness_is_behind_the_most_punctual_request() -> None:
    came_ns = [at * MS for at in (505, 600, 712, 801)]  # 10/s: the second one is the most punctual
    assert lateness(came_ns, 10) == {
        "count": 4,
        "p50_us": 5000.0,
        "p99_us": 12000.0,
        "max_us": 12000.0,
    }


def test_nothing_came() -> None:
    assert lateness([], 10) == {"count": 0}


@pytest.mark.parametrize("by_loop", [False, True])
def test_all_starts_are_found_and_none_is_early(by_loop: bool) -> None:
    found = measure(1000, 1, by_loop=by_loop)
    assert (found.count, found.planned, found.dropped, found.early) == (1000, 1000, 0, 0)


def test_the_table_has_medians_of_the_rounds() -> None:
    rounds = {("alarm", 5000): [{"p50_us": 30.0}, {"p50_us": 50.0}, {"p50_us": 40.5}]}
    assert table(rounds, ("p50_us",)).splitlines() == [
        "       rate/s  p50 µs",
        "alarm   5,000    40.5",
    ]
