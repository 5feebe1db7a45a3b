"""What is known, and beside it what was cut off in flight: ages, or numbers of tasks."""

from __future__ import annotations

from atlas_perf.model.snapshot import Censored, CounterTotal, RateTotal, Total, TrendTotal
from atlas_perf.sketch.ddsketch import Sketch


def together(known: Total | None, cut_off: Total | None) -> Total | None:
    """What a selector matches, with what its `censored` one does; neither is changed."""
    if isinstance(cut_off, CounterTotal):
        share = known if isinstance(known, RateTotal) else RateTotal(0, 0)
        return RateTotal(share.passes, share.samples, beyond=round(cut_off.total))
    if not isinstance(cut_off, TrendTotal):
        return known
    ages = cut_off.distribution
    values = known.distribution if isinstance(known, TrendTotal) else Sketch()
    assert isinstance(ages, Sketch)
    assert isinstance(values, Sketch)
    both = values.copy()
    both.merge(ages)
    return TrendTotal(values, Censored(ages, both))
