"""Times that are known, and beside them the ages of what was cut off in flight."""

from __future__ import annotations

from atlas_perf.model.snapshot import Censored, Total, TrendTotal
from atlas_perf.sketch.ddsketch import Sketch


def together(known: Total | None, cut_off: Total | None) -> Total | None:
    """What a selector matches, with what its `censored` one does; neither is changed."""
    if not isinstance(cut_off, TrendTotal):
        return known
    ages = cut_off.distribution
    values = known.distribution if isinstance(known, TrendTotal) else Sketch()
    assert isinstance(ages, Sketch)
    assert isinstance(values, Sketch)
    both = values.copy()
    both.merge(ages)
    return TrendTotal(values, Censored(ages, both))
