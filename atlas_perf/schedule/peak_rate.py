"""The highest rate that the arrival rates of a plan reach together, and when.

Each rate is a straight line between two instants. So is their sum between one instant at which any
line begins or ends and the next, and its highest value is at one of these: before or after the
jump, where there is one. Fractions keep it exact, so that a plan may ask for just what is allowed.

    rate            ,o.  the peak: one scenario at its top while another still runs
         ,----.  ,-'   `.
       ,'      `'        `---
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from atlas_perf.model.plan import ConstantArrivalRate, RampingArrivalRate, ScenarioPlan
from atlas_perf.schedule.rate_curve import RateLine, rate_curve
from atlas_perf.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class PeakRate:
    """Iterations that are due per second, at the most, and from when on in the run."""

    per_s: Fraction
    at_ns: int
    scenarios: tuple[str, ...]  # those that have a part of it, in the plan's order


@dataclass(frozen=True, slots=True)
class _Line:
    """One straight line of a scenario's rate, on the run's clock."""

    scenario: str
    begin_ns: int
    end_ns: int
    of_curve: RateLine
    start_time_ns: int
    time_unit_ns: int

    def per_s(self, at_ns: int) -> Fraction:
        per_unit = self.of_curve.rate_at(at_ns - self.start_time_ns)
        return per_unit * Fraction(NS_PER_S, self.time_unit_ns)

    def about_per_s(self, at_ns: int) -> float:
        """The same in floating point."""
        line = self.of_curve
        passed = (at_ns - self.begin_ns) / line.duration_ns
        per_unit = line.begin_rate + (line.end_rate - line.begin_rate) * passed
        return per_unit * NS_PER_S / self.time_unit_ns


_ROUNDING = 1e-9  # far more than floating-point arithmetic is off by


def peak_rate(scenarios: Sequence[ScenarioPlan]) -> PeakRate | None:
    """The first instant of the highest sum; None if nothing arrives at a rate."""
    lines = [line for scenario in scenarios for line in _lines(scenario)]
    instants = sorted({at for line in lines for at in (line.begin_ns, line.end_ns)})
    beginning = deque(sorted(range(len(lines)), key=lambda number: lines[number].begin_ns))
    running: list[int] = []  # in the order of the plan
    peak: PeakRate | None = None
    for begin_ns, end_ns in pairwise(instants):
        running = [number for number in running if lines[number].end_ns > begin_ns]
        while beginning and lines[beginning[0]].begin_ns == begin_ns:
            running.append(beginning.popleft())
        together = [lines[number] for number in sorted(running)]
        for at_ns in (begin_ns, end_ns):
            if peak is not None and _is_clearly_below(peak, together, at_ns):
                continue
            parts = [(line.scenario, line.per_s(at_ns)) for line in together]
            per_s = sum((part for _, part in parts), Fraction(0))
            if per_s and (peak is None or per_s > peak.per_s):
                names = tuple(scenario for scenario, part in parts if part)
                peak = PeakRate(per_s, at_ns, names)
    return peak


def _is_clearly_below(peak: PeakRate, lines: Sequence[_Line], at_ns: int) -> bool:
    """True for most instants of a shape with thousands of lines, at a tenth of the time."""
    about_per_s = sum(line.about_per_s(at_ns) for line in lines)
    return about_per_s < peak.per_s.numerator / peak.per_s.denominator * (1 - _ROUNDING)


def _lines(scenario: ScenarioPlan) -> list[_Line]:
    executor, start_ns = scenario.executor, scenario.start_time_ns
    if not isinstance(executor, ConstantArrivalRate | RampingArrivalRate):
        return []
    return [
        _Line(
            scenario.name,
            start_ns + line.begin_ns,
            start_ns + line.begin_ns + line.duration_ns,
            line,
            start_ns,
            executor.time_unit_ns,
        )
        for line in rate_curve(executor).lines
    ]
