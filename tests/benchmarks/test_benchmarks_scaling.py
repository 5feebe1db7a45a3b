"""CPU per request over more processes: medians, and ratios within a round."""

from __future__ import annotations

import pytest

from benchmarks.scaling import Point, _counts, table


def _point(processes: int, steady_us: float) -> Point:
    return Point(processes, 1000.0 * processes, 2 * steady_us, steady_us, 50.0)


def test_ratios_are_taken_within_a_round() -> None:
    slow_machine = {1: _point(1, 20), 4: _point(4, 24)}
    fast_machine = {1: _point(1, 10), 4: _point(4, 11)}
    lines = table([slow_machine, fast_machine, fast_machine]).splitlines()
    assert len(lines) == 3
    assert lines[2].split() == ["4", "4,000", "22.0", "11.0", "×1.10", "50"]


def test_a_run_without_processes_is_refused() -> None:
    assert _counts("1,2,8") == [1, 2, 8]
    with pytest.raises(Exception, match="counted from 1"):
        _counts("0,2")
