"""Periods added up again, for receivers that expect totals since the run's start."""

from __future__ import annotations

from dataclasses import dataclass, field

from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.sketch.ddsketch import Sketch


@dataclass(slots=True)
class Totals:
    """All that periods have brought so far; values are in the metric's inner unit (time: ns)."""

    counters: dict[OutputSeries, float] = field(default_factory=dict)
    rates: dict[OutputSeries, tuple[int, int]] = field(default_factory=dict)  # passes, samples
    gauges: dict[OutputSeries, float] = field(default_factory=dict)
    trends: dict[OutputSeries, Sketch] = field(default_factory=dict)

    def absorb(self, period: Period) -> None:
        """Add a period, whose distributions may become ours."""
        for series, amount in period.counters.items():
            self.counters[series] = self.counters.get(series, 0.0) + amount
        for series, (passes, samples) in period.rates.items():
            before = self.rates.get(series, (0, 0))
            self.rates[series] = (before[0] + passes, before[1] + samples)
        for series, (_, level) in period.gauges.items():
            self.gauges[series] = level
        for series, sketch in period.trends.items():
            known = self.trends.get(series)
            if known is None:
                self.trends[series] = sketch
            else:
                known.merge(sketch)
