"""From two sets of runs to one verdict, with every metric beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

from atlas_perf.errors import ExitCode
from atlas_perf.judge.comparison.decision import (
    MOST_PAIRS_ADVISED,
    benjamini_hochberg,
    holm,
    pairs_to_decide,
)
from atlas_perf.judge.comparison.measured import Measured, measured, measured_against
from atlas_perf.judge.comparison.of_summaries import of_summaries
from atlas_perf.model.comparison import (
    RATE,
    ComparedMetric,
    Comparison,
    Finding,
    Quantity,
    Terms,
)
from atlas_perf.model.metric import HTTP_RESPONSE_TIME, TASK_COMPLETED
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.verdict import Verdict
from atlas_perf.units import NS_PER_MS

MOST_PRIMARY = 5

_DURATION, _FAILED = Quantity("http_req_duration", "p(95)"), Quantity("http_req_failed", RATE)
_FIRST_CHOICE = (
    _DURATION,
    _FAILED,
    Quantity("ws_rtt", "p(95)"),
    Quantity("task_duration", "p(95)"),
)
_TIME_OF = {
    _FAILED: _DURATION,
    Quantity("ws_rtt_failed", RATE): Quantity("ws_rtt", "p(95)"),
    Quantity(TASK_COMPLETED, RATE): Quantity("task_duration", "p(95)"),
}
"""Where nothing succeeded there is only the share of failures: the time is missing then."""

_LAST_CHOICE = Quantity("iteration_duration", "p(95)")
_ON_SCHEDULE = Quantity(HTTP_RESPONSE_TIME, "p(95)")


def compare(
    bases: Sequence[RunSketches], candidates: Sequence[RunSketches], terms: Terms
) -> Comparison:
    """Compare runs that are alike: one per side, or pairs in their order.

    Raises:
        ValueError: with a sentence, if a primary metric is in no run or cannot be judged.
    """
    runs = (*bases, *candidates)
    if any(run.quantiles for run in runs):
        return _compared(
            runs, lambda one: of_summaries(one, bases, candidates), terms, pairs=len(bases)
        )
    return _compared(
        runs,
        lambda one: measured(one, bases, candidates, run_sd=terms.run_sd),
        terms,
        pairs=len(bases),
    )


def compare_with_history(
    sessions: Sequence[Sequence[RunSketches]], candidate: Sequence[RunSketches], terms: Terms
) -> Comparison:
    """Compare the runs of one session with those of `LEAST_SESSIONS` or more that are alike.

    Raises:
        ValueError: as `compare`.
    """
    found = _compared(
        (*(run for session in sessions for run in session), *candidate),
        lambda one: measured_against(one, sessions, candidate),
        terms,
        pairs=0,
    )
    return replace(found, sessions=len(sessions))


def _compared(
    runs: Sequence[RunSketches],
    measure: Callable[[Quantity], Measured],
    terms: Terms,
    *,
    pairs: int,
) -> Comparison:
    there = list(quantities(runs))
    primary = terms.primary or chosen_primary(there)
    if not primary:
        raise ValueError("the runs measured nothing that could be compared")
    _refuse_unknown(terms.primary, runs)
    order = [*primary, *(one for one in there if one not in primary)]
    found = {one: measure(one) for one in order}
    for one in terms.primary:
        if not found[one].higher_is_worse:
            raise ValueError(f"whether a higher {one} is worse, nobody can say: it cannot gate")
    rows = _primary_rows(primary, found, terms) + _other_rows(order[len(primary) :], found, terms)
    verdict, reasons = _verdict(rows[: len(primary)], pairs, terms)
    exit_code = verdict.exit_code
    if verdict is Verdict.INCONCLUSIVE:
        required = terms.require_non_inferiority
        exit_code = ExitCode.INCONCLUSIVE if required else ExitCode.PASS
    phase = runs[0].phase
    return Comparison(verdict, exit_code, reasons, pairs == 1, pairs, phase, terms, tuple(rows))


def quantities(runs: Iterable[RunSketches]) -> Iterable[Quantity]:
    """Everything that can be compared, in the order in which the runs have it."""
    runs = tuple(runs)
    trends = dict.fromkeys(one for run in runs for one in run.selectors_of_trends)
    rates = dict.fromkeys(one.selector for run in runs for one in run.rates)
    yield from (Quantity(*one) for one in product(trends, ("p(95)",)))
    yield from (Quantity(*one) for one in product(rates, (RATE,)))


def chosen_primary(there: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """What gates where nobody said: times of requests, messages and tasks, and failures.

    In an open model requests count from when they were due.
    """
    tried = {time for share, time in _TIME_OF.items() if share in there}
    found = tuple(one for one in _FIRST_CHOICE if one in there or one in tried)
    if _ON_SCHEDULE in there:
        found = tuple(_ON_SCHEDULE if one == _DURATION else one for one in found)
    return found or tuple(one for one in (_LAST_CHOICE,) if one in there)


def refuse_too_many(primary: Sequence[Quantity]) -> None:
    """Raises ValueError, with a sentence, for more metrics than may gate."""
    if len(primary) > MOST_PRIMARY:
        raise ValueError(
            f"{len(primary)} primary metrics, and at most {MOST_PRIMARY} may gate: each one more "
            "makes a regression harder to show"
        )


def _refuse_unknown(primary: Sequence[Quantity], runs: Sequence[RunSketches]) -> None:
    refuse_too_many(primary)
    for one in primary:
        trends, rates = (
            {each for run in runs for each in run.selectors_of_trends},
            {each.selector for run in runs for each in run.rates},
        )
        if one.selector not in (rates if one.is_rate else trends):
            raise ValueError(f"no run kept {one}: see the list of a comparison without --primary")


def _primary_rows(
    primary: Sequence[Quantity], found: dict[Quantity, Measured], terms: Terms
) -> list[ComparedMetric]:
    probabilities = [_p_regressed(one, found[one], terms) for one in primary]
    regressed = holm(probabilities, terms.alpha)
    return [
        replace(
            _row(one, found[one], terms, regressed=fallen),
            primary=True,
        )
        for one, fallen in zip(primary, regressed, strict=True)
    ]


def _other_rows(
    others: Sequence[Quantity], found: dict[Quantity, Measured], terms: Terms
) -> list[ComparedMetric]:
    judged = [
        one for one in others if found[one].difference is not None and found[one].higher_is_worse
    ]
    chosen = benjamini_hochberg(
        [_p_regressed(one, found[one], terms) for one in judged], terms.alpha
    )
    striking = {one for one, stands_out in zip(judged, chosen, strict=True) if stands_out}
    return [
        replace(_row(one, found[one], terms, regressed=one in striking), stands_out=one in striking)
        for one in others
    ]


def _p_regressed(quantity: Quantity, one: Measured, terms: Terms) -> float:
    difference = one.difference
    return 1.0 if difference is None else difference.p_regressed(_margin(quantity, terms))


def _margin(quantity: Quantity, terms: Terms) -> float:
    return terms.error_margin if quantity.is_rate else math.log1p(terms.margin)


def _row(quantity: Quantity, one: Measured, terms: Terms, *, regressed: bool) -> ComparedMetric:
    margin, difference = _margin(quantity, terms), one.difference
    row = ComparedMetric(
        quantity.selector,
        quantity.statistic,
        primary=False,
        is_time=not quantity.is_rate and one.higher_is_worse,
        base=None if one.base is None else _level(quantity, one.base, one),
        candidate=None if one.candidate is None else _level(quantity, one.candidate, one),
        change=None
        if one.base is None or one.candidate is None
        else _change(quantity, one.candidate - one.base),
        lower=None if difference is None else _change(quantity, difference.lower(terms.alpha)),
        upper=None if difference is None else _change(quantity, difference.upper(terms.alpha)),
        margin=terms.error_margin if quantity.is_rate else terms.margin,
        finding=Finding.NO_DATA,
        note=one.lacking,
    )
    if difference is None:
        return row
    if not one.higher_is_worse:
        return replace(row, finding=Finding.UNDECIDED, note="no direction is worse")
    if regressed:
        return replace(row, finding=Finding.REGRESSED)
    if difference.p_non_inferior(margin) < terms.alpha:
        return replace(row, finding=Finding.NON_INFERIOR)
    more = pairs_to_decide(difference, margin, terms.alpha) if difference.deviation else None
    return replace(row, finding=Finding.UNDECIDED, pairs_to_decide=more)


def _level(quantity: Quantity, level: float, one: Measured) -> float:
    if quantity.is_rate:
        return level
    return math.exp(level) / (NS_PER_MS if one.higher_is_worse else 1)  # only times are judged


def _change(quantity: Quantity, difference: float) -> float:
    return difference if quantity.is_rate else math.expm1(difference)


def _verdict(
    rows: Sequence[ComparedMetric], pairs: int, terms: Terms
) -> tuple[Verdict, tuple[str, ...]]:
    if pairs == 1:
        return Verdict.INCONCLUSIVE, (_WHY_ADVISORY, *_impressions(rows))
    regressed = [row for row in rows if row.finding is Finding.REGRESSED]
    empty = [row for row in rows if row.finding is Finding.NO_DATA]
    open_ones = [row for row in rows if row.finding is Finding.UNDECIDED]
    if regressed:
        return Verdict.FAIL, tuple(_regression(row, terms) for row in regressed)
    if empty:
        return Verdict.NO_DATA, tuple(
            f"{row.selector} {row.statistic} cannot be compared: {row.note}." for row in empty
        )
    if open_ones:
        return Verdict.INCONCLUSIVE, tuple(_open(row) for row in open_ones)
    count = "The primary metric is" if len(rows) == 1 else f"All {len(rows)} primary metrics are"
    return Verdict.PASS, (
        f"{count} shown to be no worse than the base beyond the margin; of builds that are worse, "
        f"at most {terms.alpha_text()} would pass.",
    )


_WHY_ADVISORY = (
    "One run per side can only advise: how much two runs of the same build differ (start-up, "
    "caches, neighbours) cannot be seen in one of them, however long. Compare at least 3 "
    "interleaved pairs, better 5, for a verdict."
)


def _impressions(rows: Sequence[ComparedMetric]) -> list[str]:
    return [
        f"{row.selector} {row.statistic} looks worse: {row.text(row.change)}."
        for row in rows
        if row.finding is Finding.REGRESSED
    ]


def _regression(row: ComparedMetric, terms: Terms) -> str:
    return (
        f"{row.selector} {row.statistic} is worse by {row.text(row.change)}, and by more "
        f"than {row.text(row.lower)} at {(1 - terms.alpha) * 100:g} % confidence; the margin is "
        f"{row.text(row.margin)}."
    )


def _open(row: ComparedMetric) -> str:
    if row.pairs_to_decide is None:
        more = f"even {MOST_PAIRS_ADVISED} pairs would hardly decide: runs differ too much"
    else:
        more = f"about {row.pairs_to_decide} pairs would decide"
    return (
        f"{row.selector} {row.statistic} changed by {row.text(row.change)}, and anything between "
        f"{row.text(row.lower)} and {row.text(row.upper)} is possible; "
        f"the margin is {row.text(row.margin)}; {more}."
    )
