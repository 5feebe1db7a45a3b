"""What a later comparison needs of a run: its distributions and shares, in a few windows each.

Nobody knows beforehand how long a run takes. So samples are added up in slices, of one second at
first; whenever there are too many, each two become one. In the end they make `MOST_WINDOWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, Delta, NewSeries, RateDelta, TrendDelta
from atlas_perf.model.metric import Metric, MetricKind
from atlas_perf.model.phase import PHASE_TAG, LoadPhase
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.run_sketches import MOST_WINDOWS, KeptRate, KeptTrend, RunSketches
from atlas_perf.model.series import Selector, Series, Tags, tags_of
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.sketch.ddsketch import Sketch

MOST_SLICES = 8 * MOST_WINDOWS
MOST_ENDPOINTS = 200

_ENDPOINT_KEYS = ("method", "name", "scenario")


@dataclass
class _Trend:
    metric: Metric
    slices: dict[int, Sketch] = field(default_factory=dict)
    censored: int = 0


@dataclass
class _Rate:
    slices: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Part:
    """Where the deltas of one series go."""

    trends: tuple[_Trend, ...] = ()
    rates: tuple[_Rate, ...] = ()
    cut_off: tuple[_Trend, ...] = ()


class KeptSketches:
    """An output that keeps trends and rates of a run: each metric, what thresholds select, and
    `http_req_duration` of each endpoint. Of the steady phase, where the plan has several.
    """

    wants_samples = False

    def __init__(self) -> None:
        self._phase = ""
        self._uncounted: str | None = None
        self._named: dict[str, list[Selector]] = {}
        self._trends: dict[Selector, _Trend] = {}
        self._rates: dict[Selector, _Rate] = {}
        self._parts: dict[tuple[int, int], _Part] = {}
        self._endpoints: set[Selector] = set()
        self._begin_s: int | None = None
        self._width_s = 1
        self._last = 0

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:  # noqa: ARG002 - as all
        """Take note of the phase that is compared, and of what thresholds ask for."""
        times = PhaseTimes(plan)
        if times.tagged and LoadPhase.STEADY in times.phases():
            self._phase = LoadPhase.STEADY.value
        self._uncounted = plan.uncounted_phase
        for threshold in plan.thresholds:
            selector = Selector.parse(threshold.selector)
            tags = {key: value for key, value in selector.tags if key != PHASE_TAG}
            named = self._named.setdefault(selector.metric, [])
            if tags and (narrowed := replace(selector, tags=tags_of(tags))) not in named:
                named.append(narrowed)

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        for delta in batch.deltas:
            part = self._parts.get((batch.worker, delta.number))
            if part is None:
                part = self._part_of(resolve(delta.number))
                self._parts[batch.worker, delta.number] = part
            self._add(part, delta, batch.interval)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        """A gauge has no distribution."""

    def close(self) -> str | None:
        return None

    def kept(self, hide: Callable[[str], str] = str) -> RunSketches:
        """All of it, in windows of nearly equal length.

        Args:
            hide: takes secrets out of a selector's text.
        """
        slices = self._last + 1 if self._begin_s is not None else 0
        number = min(MOST_WINDOWS, slices)
        edges = [round(slices * one / number) for one in range(number + 1)] if number else []
        ranges = [range(low, high) for low, high in pairwise(edges)]
        return RunSketches(
            self._phase,
            tuple(len(one) * self._width_s for one in ranges),
            tuple(
                KeptTrend(
                    hide(str(selector)),
                    trend.metric.contains,
                    trend.censored,
                    tuple(_merged(trend.slices, one).to_bytes() for one in ranges),
                )
                for selector, trend in self._trends.items()
                if trend.slices
            ),
            tuple(
                KeptRate(hide(str(selector)), tuple(_summed(rate.slices, one) for one in ranges))
                for selector, rate in self._rates.items()
                if rate.slices
            ),
        )

    def _part_of(self, new: NewSeries) -> _Part:
        metric, series = new.metric, new.series
        if metric.kind not in (MetricKind.TREND, MetricKind.RATE):
            return _Part()
        asked = [Selector(metric.name), *self._named.get(metric.name, ())]
        endpoint = self._endpoint_of(series)
        if endpoint is not None and endpoint not in asked:
            asked.append(endpoint)
        here = [one for one in asked if self._matches(one, series)]
        if metric.kind is MetricKind.RATE:
            return _Part(rates=tuple(self._rates.setdefault(one, _Rate()) for one in here))
        cut_off = [one for one in asked if (ages := one.censored()) and self._matches(ages, series)]
        return _Part(
            trends=tuple(self._trends.setdefault(one, _Trend(metric)) for one in here),
            cut_off=tuple(self._trends.setdefault(one, _Trend(metric)) for one in cut_off),
        )

    def _endpoint_of(self, series: Series) -> Selector | None:
        if series.metric != "http_req_duration":
            return None
        tags = {key: value for key, value in series.tags if key in _ENDPOINT_KEYS}
        selector = Selector(series.metric, tags_of(tags))
        if len(self._endpoints) < MOST_ENDPOINTS and tags:
            self._endpoints.add(selector)
        return selector if selector in self._endpoints else None

    def _matches(self, selector: Selector, series: Series) -> bool:
        if self._phase and not selector.names_phase():
            tags = tags_of({**dict(selector.tags), PHASE_TAG: self._phase})
            selector = replace(selector, tags=tags)
        return selector.matches(series) and not selector.passes_over(series, self._uncounted)

    def _add(self, part: _Part, delta: Delta, second: int) -> None:
        match delta:
            case TrendDelta(sketch=packed) if part.trends or part.cut_off:
                sketch = Sketch.from_bytes(packed)
                for trend in part.cut_off:
                    trend.censored += sketch.count
                if part.trends:
                    at = self._slice_of(second)
                    for trend in part.trends:
                        trend.slices.setdefault(at, Sketch()).merge(sketch)
            case RateDelta(passes=passes, samples=samples) if part.rates:
                at = self._slice_of(second)
                for rate in part.rates:
                    before = rate.slices.get(at, (0, 0))
                    rate.slices[at] = (before[0] + passes, before[1] + samples)

    def _slice_of(self, second: int) -> int:
        if self._begin_s is None:
            self._begin_s = second
        at = max(0, second - self._begin_s) // self._width_s  # a worker may have been slower
        while at >= MOST_SLICES:
            self._halve()
            at //= 2
        self._last = max(self._last, at)
        return at

    def _halve(self) -> None:
        self._width_s *= 2
        self._last //= 2
        for trend in self._trends.values():
            finer, trend.slices = trend.slices, {}
            for at, sketch in finer.items():
                trend.slices.setdefault(at // 2, Sketch()).merge(sketch)
        for rate in self._rates.values():
            rate.slices = {
                at: _summed(rate.slices, range(2 * at, 2 * at + 2))
                for at in {one // 2 for one in rate.slices}
            }


def _merged(slices: dict[int, Sketch], wanted: Iterable[int]) -> Sketch:
    merged = Sketch()
    for at in wanted:
        if at in slices:
            merged.merge(slices[at])
    return merged


def _summed(slices: dict[int, tuple[int, int]], wanted: Iterable[int]) -> tuple[int, int]:
    found = [slices[at] for at in wanted if at in slices]
    return sum(one[0] for one in found), sum(one[1] for one in found)
