"""A rate of arrivals over time, in straight lines, and when so many of them have come.

A stage leads from the rate `a` to the rate `b`, both per time unit `u`, in `d` nanoseconds. The
area under it up to `t` is the number of arrivals by then. Doubled, and without its division by
`u`, it is

    w(t) = 2at + (b − a)t²/d,    so the whole stage has    w(d) = (a + b)d,

an integer, and one arrival is 2u of it. Areas in this module are counted in these units: the n-th
arrival is exactly at 2un, however long the run. Back from an area w to its instant t:

    rate
      b |          ,o
        |      ,-'  |            t = (√(a²d² + (b − a)wd) − ad) / (b − a)
      a |  ,o'      |            t = w / 2a,  if a = b
        |   |       |
        +---+-------+--> t
            '---d---'

with integer square roots, rounded up to the next nanosecond: never early, at most a nanosecond
late, never drifting, and the same in every process. `area_by` is the way there, rounded down to
whole units: arrivals are at whole ones, so that both agree on each of them. These are the arrivals
of k6's `ramping-arrival-rate` (`lib/executor/ramping_arrival_rate.go`, `cal`), which computes them
in floating point.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from atlas_perf.model.plan import ArrivalRate, ConstantArrivalRate, Stage


@dataclass(frozen=True, slots=True)
class RateLine:
    """One stage that has a duration. `begin_area` and `begin_ns` are where it starts."""

    begin_ns: int
    begin_area: int
    duration_ns: int
    begin_rate: int
    end_rate: int

    @property
    def end_area(self) -> int:
        return self.begin_area + (self.begin_rate + self.end_rate) * self.duration_ns

    def rate_at(self, offset_ns: int) -> Fraction:
        """The rate per time unit at an instant of this stage."""
        rise = self.end_rate - self.begin_rate
        return self.begin_rate + Fraction(rise * (offset_ns - self.begin_ns), self.duration_ns)

    def area_by(self, offset_ns: int) -> int:
        """The curve's area up to an instant of this stage, in whole units."""
        inside_ns = offset_ns - self.begin_ns
        rise = self.end_rate - self.begin_rate
        bent = rise * inside_ns * inside_ns // self.duration_ns
        return self.begin_area + 2 * self.begin_rate * inside_ns + bent

    def instant_ns(self, area: int) -> int:
        """When the curve's area reaches `area`, which lies in this stage's."""
        inside = area - self.begin_area
        rise = self.end_rate - self.begin_rate
        if rise == 0:
            return self.begin_ns + _up(inside, 2 * self.begin_rate) if inside else self.begin_ns
        flat = self.begin_rate * self.duration_ns
        square = flat * flat + rise * inside * self.duration_ns
        root = isqrt(square)
        if rise < 0:
            return self.begin_ns + _up(flat - root, -rise)
        root += root * root < square
        return self.begin_ns + _up(root - flat, rise)


class RateCurve:
    """A rate over time; `area` is the whole of it, and `arrival` the area of one arrival."""

    def __init__(self, start_rate: int, stages: Iterable[Stage], time_unit_ns: int) -> None:
        """Rates are per time unit. A stage without a duration is a jump."""
        self.arrival = 2 * time_unit_ns
        self.lines: list[RateLine] = []  # in order, without a gap
        rate, end_ns, area = start_rate, 0, 0
        for stage in stages:
            if stage.duration_ns:
                line = RateLine(end_ns, area, stage.duration_ns, rate, stage.target)
                self.lines.append(line)
                area = line.end_area
            rate, end_ns = stage.target, end_ns + stage.duration_ns
        self.area = area
        self._begins_ns = [line.begin_ns for line in self.lines]

    def area_by(self, offset_ns: int) -> int:
        """How much of the area is reached by an instant, the instant included."""
        number = bisect_right(self._begins_ns, offset_ns) - 1
        if number < 0:
            return 0
        line = self.lines[number]
        return line.area_by(min(offset_ns, line.begin_ns + line.duration_ns))

    def instants_ns(self, areas: Iterable[int]) -> Iterable[int]:
        """When each area is reached; `areas` rise from 0 to at most the whole."""
        lines = iter(self.lines)
        line = next(lines)
        end_area = line.end_area
        for area in areas:
            while area > end_area:
                line = next(lines)
                end_area = line.end_area
            yield line.instant_ns(area)


def rate_curve(executor: ArrivalRate) -> RateCurve:
    """The rate of an executor, from its start."""
    if isinstance(executor, ConstantArrivalRate):
        stages: tuple[Stage, ...] = (Stage(executor.duration_ns, executor.rate),)
        return RateCurve(executor.rate, stages, executor.time_unit_ns)
    return RateCurve(executor.start_rate, executor.stages, executor.time_unit_ns)


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
