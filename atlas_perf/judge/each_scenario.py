"""What is asked of every scenario by itself: a busy one does not speak for a rare one.

A hundred logins that all fail are one in a thousand of a run's requests. The limits of the default
gates are of the run as a whole, so a rare scenario of which nothing succeeded, completed, or was
seen to its end would pass unnoticed beside a busy one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atlas_perf.judge.advice import where_to_look
from atlas_perf.model.metric import TASK_COMPLETED, TASKS_CENSORED
from atlas_perf.model.series import Selector, tags_of
from atlas_perf.model.snapshot import CounterTotal, RateTotal, Snapshot, Total
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.model.verdict import Verdict

CENSORED_SHARE_LIMIT = 0.01
"""With more requests than this of unknown outcome, even the limit on failed ones is undecided."""

_SCENARIO = "scenario"
_CALLED = {"http_req_failed": "requests", "iteration_failed": "iterations", "checks": "checks"}


@dataclass(frozen=True, slots=True)
class _CutOff:
    """What may have been cut off in flight, and beside what it counts."""

    what: str
    censored: str  # the metric that counts it
    ended: str  # what ended, or the share of it that did so in one way
    also: str = ""  # a metric whose criterion knows of these as well


_CUT_OFF = (
    _CutOff("requests", "http_reqs_censored", "http_reqs"),
    _CutOff("messages", "ws_msgs_censored", "ws_rtt_failed"),
    _CutOff("tasks", TASKS_CENSORED, "tasks_ended", TASK_COMPLETED),
)


def unproven(
    results: Sequence[ThresholdResult], snapshot: Snapshot
) -> Iterator[tuple[Verdict, str]]:
    """Why the load that came to its planned end says too little of a scenario.

    Args:
        results: a criterion of the plan on what counts the requests that were cut off takes the
            place of the limit here; a default gate that was met is held for each scenario.
    """
    yield from _cut_off(results, snapshot)
    yield from _never_completed(snapshot)
    for result in results:
        if result.default_gate and result.state is CriterionState.PASSED:
            yield from _all_failed(result, snapshot)


def _never_completed(snapshot: Snapshot) -> Iterator[tuple[Verdict, str]]:
    ledgers = snapshot.ledger()
    if not any(ledger.completed for ledger in ledgers.values()):
        return  # that is said of the run
    for scenario, ledger in ledgers.items():
        if not ledger.completed:
            yield Verdict.NO_DATA, f"No iteration of scenario {scenario} completed."


def _all_failed(result: ThresholdResult, snapshot: Snapshot) -> Iterator[tuple[Verdict, str]]:
    selector = Selector.parse(result.selector)
    called = _CALLED.get(selector.metric)
    if called is None:
        return
    for tags, total in snapshot.totals_by(selector, (_SCENARIO,)).items():
        if isinstance(total, RateTotal) and _is_all_bad(selector.metric, total):
            of_it = replace(result, selector=str(Selector(selector.metric, tags)))
            sentence = (
                f"All {total.samples} {called} of scenario {dict(tags).get(_SCENARIO, '')} failed; "
                f"of the whole run's they are too few for the limit on {selector.metric}."
            )
            yield Verdict.FAIL, " ".join(filter(None, (sentence, where_to_look(of_it, snapshot))))


def _is_all_bad(metric: str, total: RateTotal) -> bool:
    good = total.passes if metric == "checks" else total.samples - total.passes
    return total.samples > 0 and good == 0


def _cut_off(
    results: Sequence[ThresholdResult], snapshot: Snapshot
) -> Iterator[tuple[Verdict, str]]:
    """A run whose requests mostly hang at its end has shown nothing of those, whatever the others
    say, and so with messages and tasks."""
    judged = {Selector.parse(result.selector) for result in results}
    for kind in _CUT_OFF:
        own = {Selector(metric) for metric in (kind.censored, kind.also) if metric}
        if not judged.isdisjoint(own):
            continue
        cut = _by_scenario(snapshot, kind.censored)
        ended = _by_scenario(snapshot, kind.ended)
        all_cut, all_ended = sum(cut.values()), sum(ended.values())
        if _is_too_much(all_cut, all_ended):
            yield Verdict.NO_DATA, _of_cut_off(kind, all_cut, all_ended)
            continue
        for scenario, number in cut.items():
            of_it = {replace(one, tags=tags_of({_SCENARIO: scenario})) for one in own}
            whole = ended.get(scenario, 0)
            if judged.isdisjoint(of_it) and _is_too_much(number, whole):
                yield Verdict.NO_DATA, _of_cut_off(kind, number, whole, f" of scenario {scenario}")


def _is_too_much(cut: int, ended: int) -> bool:
    return cut > CENSORED_SHARE_LIMIT * (cut + ended)


def _of_cut_off(kind: _CutOff, cut: int, ended: int, whose: str = "") -> str:
    whole = cut + ended
    return (
        f"{cut} of {whole} {kind.what}{whose} ({cut / whole * 100:.1f} %) were cut off in "
        "flight when their time was up, so that nobody knows what would have become of "
        f"them: give the scenario a longer gracefulStop, {kind.what} a shorter timeout, or say "
        f"with a threshold on {kind.censored} how many may be."
    )


def _by_scenario(snapshot: Snapshot, metric: str) -> dict[str, int]:
    totals = snapshot.totals_by(Selector(metric), (_SCENARIO,))
    return {dict(tags).get(_SCENARIO, ""): _number(total) for tags, total in totals.items()}


def _number(total: Total) -> int:
    if isinstance(total, RateTotal):
        return total.samples
    return round(total.total) if isinstance(total, CounterTotal) else 0
