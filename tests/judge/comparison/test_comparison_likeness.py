"""How far apart the offered load of two runs may be."""

from __future__ import annotations

import pytest

from atlas_perf.judge.comparison.likeness import offered_difference


@pytest.mark.parametrize("other", [1000, 990, 0])
def test_a_hundredth_of_the_greater_load_is_allowed(other: int) -> None:
    assert offered_difference(1000 if other else 0, other) == []
    assert offered_difference(other, 1000 if other else 0) == []


@pytest.mark.parametrize(("left", "right"), [(1000, 989), (989, 1000), (0, 1), (1000, 0)])
def test_more_is_told_with_both(left: int, right: int) -> None:
    assert offered_difference(left, right) == [
        f"offered load, {left:,} and {right:,} iterations begun"
    ]
