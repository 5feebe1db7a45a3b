"""From runs in the order of time to where a level changed, and what is said of it.

It advises: which release a change belongs to, and whether it is one, a paired comparison decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from atlas_perf.errors import ExitCode, UsageError
from atlas_perf.history.change_points import Split, change_points
from atlas_perf.history.sessions import DatedRun, Session, lines_of
from atlas_perf.judge.comparison.compare import chosen_primary, quantities
from atlas_perf.judge.comparison.likeness import unlikeness
from atlas_perf.judge.comparison.measured import Reading, level_of
from atlas_perf.model.comparison import Quantity
from atlas_perf.model.trend import ChangePoint, Direction, Trend, TrendPoint, TrendSeries
from atlas_perf.units import NS_PER_MS

LEAST_POINTS = 20
RECENT_POINTS = 10


@dataclass(frozen=True, slots=True)
class TrendTerms:
    """What is asked."""

    margin: float = 0.05  # a time that changed by less is the same
    error_margin: float = 0.005  # a share that changed by less is the same
    metrics: tuple[Quantity, ...] = ()  # none: what a comparison would be judged by
    recent: int = RECENT_POINTS
    fail_on_regression: bool = False


def trend_of(runs: Iterable[DatedRun], terms: TrendTerms, left_out: Sequence[str] = ()) -> Trend:
    """The trend of every metric that is asked for, by scenario and by what makes runs alike.

    Raises:
        UsageError: no run has a metric that was asked for.
    """
    lines = lines_of(runs)
    series = [
        one
        for line, sessions in lines.items()
        for one in _of_line(line, sessions, _newest_like(line, lines), terms)
    ]
    _refuse_unknown(terms.metrics, series, runs=bool(lines))
    worse = [
        _regression(one, point)
        for one in series
        for point in one.change_points
        if point.recent and point.direction is Direction.WORSE
    ]
    return Trend(
        exit_code=_exit_code(series, len(worse), terms),
        reasons=tuple(worse) or (_nothing_found(series, terms),),
        regressions=len(worse),
        margin=terms.margin,
        error_margin=terms.error_margin,
        least_points=LEAST_POINTS,
        recent_points=terms.recent,
        series=tuple(series),
        left_out=tuple(left_out),
    )


def _of_line(
    line: tuple[str, str, str], sessions: Sequence[Session], newest: DatedRun, terms: TrendTerms
) -> Iterator[TrendSeries]:
    runs = [run for session in sessions for run in session]
    wanted = terms.metrics or chosen_primary(list(quantities(run.files.sketches for run in runs)))
    last = runs[-1]
    unlike = "" if last is newest else _unlike(last, newest)
    for quantity in wanted:
        points, level = _points(quantity, sessions)
        if level is None:
            continue
        scenario, environment, fingerprint = line
        yield TrendSeries(
            scenario,
            environment,
            fingerprint,
            unlike,
            quantity.selector,
            quantity.statistic,
            level.is_time,
            tuple(points),
            tuple(_changes(points, quantity, level, terms)),
            judged=len(points) >= LEAST_POINTS,
            note="" if len(points) >= LEAST_POINTS else _too_few(len(points)),
        )


def _points(
    quantity: Quantity, sessions: Sequence[Session]
) -> tuple[list[TrendPoint], Reading | None]:
    """The median of each session, which a single odd run does not move."""
    points: list[TrendPoint] = []
    any_level = None
    for session in sessions:
        found = [
            (run, level)
            for run in session
            if (level := level_of(quantity, run.files.sketches)) is not None
        ]
        if not found:
            continue
        any_level = found[0][1]
        first = found[0][0]
        value = _shown(quantity, median(level.value for _, level in found), any_level)
        points.append(TrendPoint(first.files.summary.started_at, first.build, len(found), value))
    return points, any_level


def _shown(quantity: Quantity, value: float, level: Reading) -> float:
    if quantity.is_rate:
        return value
    return math.exp(value) / (NS_PER_MS if level.is_time else 1)


def _changes(
    points: Sequence[TrendPoint], quantity: Quantity, level: Reading, terms: TrendTerms
) -> Iterator[ChangePoint]:
    if len(points) < LEAST_POINTS:
        return
    values = [point.value for point in points]
    # Shares may begin at nothing, and a multiple of nothing is no margin: theirs is a difference.
    least = 0.0 if quantity.is_rate else terms.margin
    for split in change_points(values, least_ratio=least):
        change = _change(quantity, split)
        if quantity.is_rate and abs(change) <= terms.error_margin:
            continue
        yield ChangePoint(
            split.index,
            split.before,
            split.after,
            change,
            split.p_value,
            _direction(change, level),
            recent=split.index >= len(points) - terms.recent,
        )


def _change(quantity: Quantity, split: Split) -> float:
    if quantity.is_rate:
        return split.after - split.before
    return split.after / split.before - 1


def _direction(change: float, level: Reading) -> Direction:
    if not level.higher_is_worse:
        return Direction.OTHER
    return Direction.WORSE if change > 0 else Direction.BETTER


def _newest_like(
    line: tuple[str, str, str], lines: dict[tuple[str, str, str], list[Session]]
) -> DatedRun:
    of_scenario = [sessions[-1][-1] for each, sessions in lines.items() if each[0] == line[0]]
    return max(of_scenario, key=lambda run: run.began)


def _unlike(one: DatedRun, newest: DatedRun) -> str:
    here, there = one.files.summary.facts.environment, newest.files.summary.facts.environment
    if here != there:
        return f"environment {here or 'unnamed'} and {there or 'unnamed'}"
    sides = [(each.files.summary, each.files.sketches) for each in (one, newest)]
    return unlikeness(sides[0], sides[1]) or ""


def _refuse_unknown(
    metrics: Sequence[Quantity], series: Sequence[TrendSeries], *, runs: bool
) -> None:
    for one in metrics if runs else ():
        if str(one) not in {each.name for each in series}:
            raise UsageError(
                f"no run kept enough of {one}: see a comparison of two runs for a list"
            )


def _exit_code(series: Sequence[TrendSeries], regressions: int, terms: TrendTerms) -> ExitCode:
    if regressions and terms.fail_on_regression:
        return ExitCode.FAIL
    return ExitCode.PASS if any(one.judged for one in series) else ExitCode.NO_DATA


def _too_few(number: int) -> str:
    return f"not enough history: {number} of {LEAST_POINTS} sessions"


def _nothing_found(series: Sequence[TrendSeries], terms: TrendTerms) -> str:
    if not series:
        return "There is no history: no run that could be looked at."
    if not any(one.judged for one in series):
        most = max(len(one.points) for one in series)
        return f"Not enough history: {most} of {LEAST_POINTS} sessions of runs that are alike."
    return f"No change for the worse in the last {terms.recent} sessions."


def _regression(series: TrendSeries, point: ChangePoint) -> str:
    first = series.points[point.index]
    build = f" ({first.build})" if first.build else ""
    size = (
        f"{point.change * 100:+.2f} pp"
        if series.statistic == "rate"
        else f"{point.change * 100:+.1f} %"
    )
    return (
        f"{series.scenario}: {series.name} is worse by {size} since {first.started_at[:16]}Z"
        f"{build}, session {point.index + 1} of {len(series.points)}."
    )
