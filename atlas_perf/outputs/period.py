"""What was measured in one stretch of a run, over all workers: what live outputs send."""

from __future__ import annotations

from dataclasses import dataclass, field

from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.sketch.ddsketch import Sketch


@dataclass(frozen=True, slots=True, eq=False)
class OutputSeries:
    """A metric with tags. There is one object for each, which is equal to itself alone."""

    metric: Metric
    tags: Tags


@dataclass(slots=True)
class Period:
    """Changes of one or more seconds; values are in the metric's inner unit (time: ns)."""

    end_ns: int  # counted from the run's start; never in the future
    seconds: int  # how many it holds
    merged: bool = False  # it was several before
    counters: dict[OutputSeries, float] = field(default_factory=dict)  # what was added
    rates: dict[OutputSeries, tuple[int, int]] = field(default_factory=dict)  # passes, samples
    gauges: dict[OutputSeries, tuple[int, float]] = field(default_factory=dict)  # instant, level
    trends: dict[OutputSeries, Sketch] = field(default_factory=dict)

    def count(self, series: OutputSeries, amount: float) -> None:
        self.counters[series] = self.counters.get(series, 0.0) + amount

    def tally(self, series: OutputSeries, passes: int, samples: int) -> None:
        before = self.rates.get(series, (0, 0))
        self.rates[series] = (before[0] + passes, before[1] + samples)

    def level(self, series: OutputSeries, at_ns: int, value: float) -> None:
        """The newest one counts."""
        before = self.gauges.get(series)
        if before is None or before[0] <= at_ns:
            self.gauges[series] = (at_ns, value)

    def spread(self, series: OutputSeries, sketch: Sketch) -> None:
        """Add a distribution, which is the period's own from now on."""
        before = self.trends.get(series)
        if before is None:
            self.trends[series] = sketch
        else:
            before.merge(sketch)

    def absorb(self, later: Period) -> None:
        """Become one with a later period."""
        self.end_ns = later.end_ns
        self.seconds += later.seconds
        self.merged = True
        for series, amount in later.counters.items():
            self.count(series, amount)
        for series, (passes, samples) in later.rates.items():
            self.tally(series, passes, samples)
        for series, (at_ns, value) in later.gauges.items():
            self.level(series, at_ns, value)
        for series, sketch in later.trends.items():
            self.spread(series, sketch)
