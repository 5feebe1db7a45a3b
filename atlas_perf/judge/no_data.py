"""Why a criterion had nothing to judge, in one sentence that names the nearest thing that exists.

k6 lets a misspelt tag pass silently; here the reason lists what the tag could have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from atlas_perf.model.metric import (
    BUILTIN_METRICS,
    HTTP_TIMES,
    OUTCOME_TRENDS,
    TASK_TRENDS,
    MetricKind,
)
from atlas_perf.model.phase import LoadPhase
from atlas_perf.model.series import OTHER, Selector, Series
from atlas_perf.model.snapshot import RateTotal, Snapshot, TrendTotal
from atlas_perf.model.summary import ThresholdResult
from atlas_perf.units import NS_PER_MS, NS_PER_S, format_quantity

FOLD_FEWER = "give requests with ids in their URL one name=, and tags few values"
"""What to do about a run with more series than are kept apart."""

NAME_FEWER_CHECKS = "keep ids and numbers out of the names of checks and groups"
"""The same where it is checks."""

_NEAREST = 3


def folded_reason(
    selector: Selector, snapshot: Snapshot, uncounted: LoadPhase | None = None
) -> str:
    """A sentence if samples that the selector means may have lost their tags, else nothing.

    The series cap folds by order of arrival: an endpoint's successes may keep their own series
    while its failures, which come later and carry more tags, go to `(other)`.
    """
    meant = [one for one in (selector, selector.censored()) if one is not None]
    if not any(
        one.may_hide_in(series) and not one.passes_over(series, uncounted)
        for series in snapshot.series(selector.metric)
        for one in meant
    ):
        return ""
    checks = selector.metric == "checks"
    return (
        f"some {selector.metric} samples were measured together as '{OTHER}', because the run has "
        f"more {'checks or ' if checks else ''}series than the series cap keeps apart, and "
        f"{selector} may be among them: {NAME_FEWER_CHECKS if checks else FOLD_FEWER}."
    )


def censored_reason(selector: Selector, snapshot: Snapshot) -> str:
    """A sentence for a criterion whose value lies, or may lie, among requests that were cut off."""
    total = snapshot.total(selector)
    if isinstance(total, RateTotal):
        return (
            f"{total.beyond} of {total.beyond + total.samples} were cut off, and what would have "
            "become of them decides it: a longer gracefulStop would show it."
        )
    assert isinstance(total, TrendTotal), "nothing else is ever cut off"
    assert total.censored is not None, "or its value would be known"
    beyond, whole = total.beyond, total.beyond + total.samples
    longest = format_quantity(total.censored.ages.max / NS_PER_MS, "ms")
    return (
        f"{beyond} of {whole} {'was' if beyond == 1 else 'were'} cut off in flight, the oldest "
        f"after {longest}, and how long they would have taken decides it: a longer gracefulStop "
        "would show it."
    )


def no_data_reason(
    selector: Selector, snapshot: Snapshot, uncounted: LoadPhase | None = None
) -> str:
    """A sentence for a selector whose total is empty. Samples of `uncounted` are left out."""
    every = tuple(snapshot.series(selector.metric))
    series = tuple(one for one in every if not selector.passes_over(one, uncounted))
    if not series and every:
        return f"{selector.metric} has only samples of the {uncounted}, which does not count."
    if not series:
        return f"{selector.metric} has no sample, since nothing in the run recorded one."
    for key, value in selector.tags:
        sentence = _absent_pair(selector.metric, key, value, series)
        if sentence:
            return sentence
    if selector.metric in OUTCOME_TRENDS and selector.effective_tags() != selector.tags:
        return (
            f"{selector} has no sample, since {_nothing(selector.metric)} "
            "(failed ones stand apart, under expected_response:false)."
        )
    return f"{selector} has no sample, since its tags occur but never all together."


def _nothing(metric: str) -> str:
    if metric in TASK_TRENDS:
        return "no task completed"
    if metric in HTTP_TIMES:
        return "no request got the response it expected"
    return "nothing of it succeeded"


def refused_reason(results: Sequence[ThresholdResult], snapshot: Snapshot) -> str:
    """A sentence if criteria on a scenario's own metrics may not have seen all that these were
    given, else nothing. A rate refuses nothing."""
    refused = sum(worker.refused_samples for worker in snapshot.workers())
    metrics = snapshot.metrics()
    named = {Selector.parse(result.selector).metric for result in results}
    judged = sorted(
        name
        for name in named - BUILTIN_METRICS.keys()
        if name in metrics and metrics[name].kind is not MetricKind.RATE
    )
    if not (refused and judged):
        return ""
    return (
        f"{refused} values were refused, being NaN, infinite or negative, and {', '.join(judged)} "
        "may lack them: a criterion has to see all that was measured, so give a metric numbers "
        "alone, and count in a Rate what went wrong."
    )


def no_phase_reason(selector: Selector, phase: LoadPhase, measured_ns: int) -> str:
    """A sentence for a selector without a sample in a phase, where the metric has some."""
    if measured_ns == 0:
        return f"the load was ended before {phase} began."
    return (
        f"{selector} has no sample, since no iteration that began in {phase} recorded one "
        "(an iteration is of the phase that it begins in, however long it takes)."
    )


def no_stretch_reason(length_s: int, measured_ns: int, phase: LoadPhase | None) -> str:
    """A sentence for a criterion on stretches that were all longer than the run, or empty."""
    whole_s = measured_ns // NS_PER_S
    if whole_s < length_s:
        what = "the run" if phase is None else phase
        return f"{what} measured {whole_s} whole seconds, fewer than the {length_s} it asks of."
    return f"no {length_s} seconds in a row had a sample."


def _absent_pair(metric: str, key: str, value: str, series: Sequence[Series]) -> str:
    """A sentence if no series of the metric carries the pair, else an empty string."""
    values = sorted({pair[1] for one in series for pair in one.tags if pair[0] == key})
    if value in values:
        return ""
    if values:
        return f"no {metric} sample has the tag {key}:{value}; {_nearest(key, value, values)}."
    keys = sorted({pair[0] for one in series for pair in one.tags})
    if not keys:
        return f"no {metric} sample has the tag {key}, nor any other."
    return f"no {metric} sample has a tag named {key}; {_nearest('', key, keys)}."


def _nearest(key: str, wanted: str, existing: Sequence[str]) -> str:
    close = get_close_matches(wanted, existing, n=_NEAREST, cutoff=0.5)
    shown = close or existing[:_NEAREST]
    prefix = f"{key}:" if key else ""
    names = ", ".join(f"{prefix}{name}" for name in shown)
    rest = len(existing) - len(shown)
    if close:
        return f"the nearest is {names}" if len(shown) == 1 else f"the nearest are {names}"
    return f"there are {names} and {rest} more" if rest else f"there is only {names}"
