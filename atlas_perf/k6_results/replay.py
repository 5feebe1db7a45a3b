"""Points of a k6 run, added up as a run of atlas-perf is: second by second, sketch by sketch.

They go through the same aggregator, as batches of one worker, so that percentiles, windows, tags
and phases mean the same. Memory grows with series and seconds, never with points: what is held
apart is the last `HELD_S` seconds, since k6 does not write points strictly in order.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.clock import WallAnchor
from atlas_perf.k6_results.opening import NoSampleError
from atlas_perf.k6_results.points import Lines, Source
from atlas_perf.k6_results.series_of_k6 import (
    CLOCKED,
    ZERO_IS_NONE,
    is_measured,
    known_otherwise,
    own_metric,
    own_tags,
)
from atlas_perf.k6_results.steady import WHOLE, Steady, scenario_of
from atlas_perf.model.batch import (
    Batch,
    CounterDelta,
    Delta,
    GaugeDelta,
    NewSeries,
    RateDelta,
    TrendDelta,
)
from atlas_perf.model.metric import BUILTIN_METRICS, Contains, Metric, MetricKind
from atlas_perf.model.phase import PHASE_TAG, LoadPhase
from atlas_perf.model.plan import LONGEST_RUN_S, TestPlan, ThresholdPlan
from atlas_perf.model.series import OTHER_TAGS, Series, other_tags, tags_of
from atlas_perf.outputs.kept_sketches import KeptSketches
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS, NS_PER_S

HELD_S = 30
OPENING_S = 2
MOST_IN_OPENING = 200_000
MOST_SERIES = 20_000

_NOWHERE = -1
_SPANS = frozenset({"http_req_duration", "iteration_duration"})
"""Times that say when something had begun: a run begins before its first sample ends."""

_LONGEST_SPAN_MS = 24 * 3600 * 1000.0


@dataclass(slots=True)
class _Counted:
    """Samples of one series in one second, but for trends."""

    samples: int = 0
    total: float = 0.0
    passes: int = 0
    last: float = 0.0
    last_at_ns: int = -1
    low: float = math.inf
    high: float = -math.inf

    def add(self, value: float, at_ns: int) -> None:
        self.samples += 1
        self.total += value
        self.passes += value != 0
        self.low, self.high = min(self.low, value), max(self.high, value)
        if at_ns >= self.last_at_ns:
            self.last, self.last_at_ns = value, at_ns


@dataclass(slots=True)
class _Second:
    trends: dict[int, Sketch] = field(default_factory=dict)
    others: dict[int, _Counted] = field(default_factory=lambda: defaultdict(_Counted))


class Replay:
    """Takes the points of one file, and holds what they come to.

    Args:
        asked: selectors to keep for a comparison, besides those that the script's thresholds name.
    """

    def __init__(
        self, lines: Lines, *, steady: Steady | None = None, asked: Sequence[str] = ()
    ) -> None:
        self.totals = Aggregator((), 1)
        self.kept = KeptSketches()
        self.refused: dict[str, str] = {}  # metrics that cannot be judged, and why
        self.begin_ns = 0  # Unix time
        self._end_ns = 0
        self._lines = lines
        self._steady = steady or WHOLE
        self._asked = asked
        self._opening: list[tuple[Source, int, float]] | None = []
        self._places: list[tuple[Metric, Series]] = []
        self._place_of: dict[Series, int] = {}
        self._seconds: dict[int, _Second] = {}
        self._flushed_before = 0
        self._newest = 0
        self._numbers: dict[tuple[int, str], int] = {}
        self._new: list[NewSeries] = []
        self._sequence = 0

    @property
    def length_ns(self) -> int:
        """From the run's begin to its last sample."""
        return max(1, self._end_ns - self.begin_ns)

    def add(self, source: Source, at_ns: int, value: float) -> None:
        """Count one point.

        Raises:
            K6FileError: if it is out of order by more than can be set right.
        """
        place = source.place
        if place is None:
            place = source.place = self._place(source)
        if place == _NOWHERE or (value == 0 and source.metric in ZERO_IS_NONE):
            return
        if self._opening is None:
            self._count(place, at_ns, value)
            return
        if not self._opening and source.metric in CLOCKED:
            return  # of the time before the load
        self._opening.append((source, at_ns, value))
        first_ns = self._opening[0][1]
        if at_ns - first_ns >= OPENING_S * NS_PER_S or len(self._opening) >= MOST_IN_OPENING:
            self._begin()

    def finish(self) -> None:
        """The file is at its end.

        Raises:
            NoSampleError: nothing was measured.
        """
        if self._opening:
            self._begin()
        if not self._seconds:
            raise NoSampleError(
                f"{self._lines.path} holds no sample of the load: k6 made none, or only in setup "
                "and teardown, which are not measured"
            )
        for second in sorted(self._seconds):
            self._flush(second, last=len(self._seconds) == 1)

    def plan(self, name: str, file: str) -> TestPlan:
        """A plan that says as much of the run as is known."""
        own = (one for one in self._lines.metrics.values() if one.name not in BUILTIN_METRICS)
        return TestPlan(
            name=name,
            file=file,
            file_sha256="",
            scenarios=(scenario_of(self._steady, self.length_ns),),
            metrics=tuple(own),
        )

    def _begin(self) -> None:
        points, self._opening = self._opening or [], None
        self.begin_ns = min(map(_begun_ns, points), default=0)
        scenario = scenario_of(self._steady, LONGEST_RUN_S * NS_PER_S)
        named = (*self._lines.submetrics, *self._asked)
        thresholds = tuple(ThresholdPlan(one, "") for one in dict.fromkeys(named) if "{" in one)
        plan = TestPlan("", "", "", (scenario,), thresholds=thresholds)
        self.kept.start(plan, WallAnchor(0, 0), 0)
        for source, at_ns, value in points:
            assert source.place is not None, "it had one before it came here"
            self._count(source.place, at_ns, value)

    def _count(self, place: int, at_ns: int, value: float) -> None:
        metric = self._places[place][0]
        since_ns = at_ns - self.begin_ns
        at_s = max(since_ns // NS_PER_S, 0)
        second = self._seconds.get(at_s)
        if second is None:
            if metric.name in CLOCKED and since_ns < 0:
                return
            second = self._open(at_s, since_ns)
        if metric.name not in CLOCKED and at_ns > self._end_ns:
            self._end_ns = at_ns
        inner = value * NS_PER_MS if metric.contains is Contains.TIME else value
        try:
            if metric.kind is MetricKind.TREND:
                sketch = second.trends.get(place)
                if sketch is None:
                    sketch = second.trends[place] = Sketch()
                sketch.add(inner)
                return
            if not 0 <= inner < math.inf:
                raise ValueError
        except ValueError:
            self.refused.setdefault(
                metric.name,
                f"{metric.name} has the value {value:g} in k6's file, and only numbers from 0 on "
                "can be judged",
            )
            return
        second.others[place].add(inner, max(since_ns, 0))

    def _open(self, at_s: int, since_ns: int) -> _Second:
        if at_s < self._flushed_before or since_ns < -HELD_S * NS_PER_S:
            raise self._lines.error(
                f"its time lies more than {HELD_S} s before that of a line above: sort the lines "
                "by time, or give the file of a single run"
            )
        if at_s >= LONGEST_RUN_S:
            raise self._lines.error("its time lies months behind the first: these are two runs")
        if at_s > self._newest:
            self._newest = at_s
            for old in sorted(one for one in self._seconds if one < at_s - HELD_S):
                self._flush(old)
        self._flushed_before = max(self._flushed_before, self._newest - HELD_S)
        return self._seconds.setdefault(at_s, _Second())

    def _place(self, source: Source) -> int:
        metric = self._lines.metrics[source.metric]
        otherwise = known_otherwise(metric)
        if otherwise is not None:
            self.refused.setdefault(metric.name, otherwise)
            return _NOWHERE
        if not is_measured(source.tags):
            return _NOWHERE
        series = Series(metric.name, own_tags(metric.name, source.tags))
        if series not in self._place_of and len(self._places) >= MOST_SERIES:
            series = Series(metric.name, other_tags(series.tags))
            if series not in self._place_of and len(self._places) >= 2 * MOST_SERIES:
                series = Series(metric.name, OTHER_TAGS)
        place = self._place_of.setdefault(series, len(self._places))
        if place == len(self._places):
            self._places.append((own_metric(metric), series))
        return place

    def _flush(self, at_s: int, *, last: bool = False) -> None:
        """One second becomes a batch."""
        second, phase = self._seconds.pop(at_s), self._phase(at_s)
        known = len(self._new)
        deltas: list[Delta] = [
            TrendDelta(self._number(place, phase), sketch.to_bytes())
            for place, sketch in second.trends.items()
        ]
        deltas += (self._delta(place, phase, one) for place, one in second.others.items())
        batch = Batch(
            worker=0,
            sequence=self._sequence,
            interval=at_s,
            new_series=tuple(self._new[known:]),
            deltas=tuple(deltas),
            last=last,
            ended_at_ns=self.length_ns if last else 0,
        )
        self._sequence += 1
        self.totals.merge(batch)
        self.kept.on_batch(batch, self._new.__getitem__)

    def _delta(self, place: int, phase: str, counted: _Counted) -> Delta:
        number = self._number(place, phase)
        match self._places[place][0].kind:
            case MetricKind.RATE:
                return RateDelta(number, counted.passes, counted.samples)
            case MetricKind.COUNTER:
                return CounterDelta(number, counted.samples, counted.total)
            case _:
                return GaugeDelta(
                    number,
                    counted.samples,
                    counted.last,
                    counted.last_at_ns,
                    counted.low,
                    counted.high,
                )

    def _number(self, place: int, phase: str) -> int:
        number = self._numbers.setdefault((place, phase), len(self._new))
        if number == len(self._new):
            metric, series = self._places[place]
            if phase and series.metric not in CLOCKED:
                tags = tags_of({**dict(series.tags), PHASE_TAG: phase})
                series = Series(series.metric, tags)
            self._new.append(NewSeries(number, metric, series))
        return number

    def _phase(self, at_s: int) -> str:
        """The tag of what ended in a second; none where the whole run is one phase."""
        steady = self._steady
        if steady.end_s is None:
            return ""
        if at_s < steady.begin_s:
            return LoadPhase.RAMP.value
        return (LoadPhase.STEADY if at_s < steady.end_s else LoadPhase.RAMP_DOWN).value


def _begun_ns(point: tuple[Source, int, float]) -> int:
    source, at_ns, value = point
    took_ms = value if source.metric in _SPANS and 0 <= value <= _LONGEST_SPAN_MS else 0
    return at_ns - round(took_ms * NS_PER_MS)
