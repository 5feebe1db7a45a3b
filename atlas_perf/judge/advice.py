"""Where to look when a criterion failed: the one check, endpoint or exception that weighs most."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.judge.aggregations import aggregate
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.model.batch import NEVER_AWAITED
from atlas_perf.model.metric import FORGOTTEN_AWAITS, OUTCOME_TRENDS
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import Selector, Tags, tags_of
from atlas_perf.model.snapshot import RateTotal, Snapshot
from atlas_perf.model.summary import ExceptionSummary, ThresholdResult
from atlas_perf.units import format_quantity

_ENDPOINT = ("method", "name")


def where_to_look(result: ThresholdResult, snapshot: Snapshot) -> str:
    """One sentence, or nothing where the metric does not tell more than itself."""
    selector = _selector(result, snapshot)
    if selector.metric == "iteration_failed":
        return _commonest_exception(snapshot.exceptions())
    if selector.metric == FORGOTTEN_AWAITS:
        forgotten = (one for one in snapshot.exceptions() if one.kind == NEVER_AWAITED)
        return _commonest_exception(tuple(forgotten))
    if selector.metric == "checks":
        return _weakest_check(selector, snapshot)
    if selector.metric == "http_req_failed":
        return _failing_endpoint(selector, snapshot)
    if selector.metric in OUTCOME_TRENDS:
        return _slowest_endpoint(selector, result, snapshot)
    return ""


def _selector(result: ThresholdResult, snapshot: Snapshot) -> Selector:
    """What the result is about: of a phase its own samples, where they are told apart."""
    written = Selector.parse(result.selector)
    if result.over and not written.names_phase():
        of_phase = _narrowed(written, ((PHASE_TAG, result.over),))
        if snapshot.total(of_phase) is not None:
            return of_phase
    return written


def _commonest_exception(exceptions: Sequence[ExceptionSummary]) -> str:
    if not exceptions:
        return ""
    top = exceptions[0]
    what = f"{top.kind}: {top.message}" if top.message else top.kind
    often = "once" if top.count == 1 else f"{top.count} times"
    return f"Look at {top.file}:{top.line}, {what} ({often})."


def _weakest_check(selector: Selector, snapshot: Snapshot) -> str:
    counts = _rates_by(snapshot, selector, ("check",))
    fails, tags = max(
        ((total.samples - total.passes, tags) for tags, total in counts.items()), default=(0, ())
    )
    if not fails:
        return ""
    name = dict(tags).get("check", "")
    return f"Look at the check {name!r}: {fails} of {counts[tags].samples} failed."


def _failing_endpoint(selector: Selector, snapshot: Snapshot) -> str:
    counts = _rates_by(snapshot, selector, _ENDPOINT)
    failed, tags = max(((total.passes, tags) for tags, total in counts.items()), default=(0, ()))
    if not failed:
        return ""
    why = _commonest_failure(_narrowed(selector, tags), snapshot)
    return f"Look at {_endpoint(tags)}: {failed} of {counts[tags].samples} failed{why}."


def _commonest_failure(selector: Selector, snapshot: Snapshot) -> str:
    counts = _rates_by(snapshot, selector, ("status", "error_code", "error"))
    _, tags = max((total.passes, tags) for tags, total in counts.items())
    named = dict(tags)
    status = named.get("status", "0")
    if status != "0":
        return f", mostly with status {status}"
    error = named.get("error") or named.get("error_code")
    return f", mostly with {error}" if error else ""


def _slowest_endpoint(selector: Selector, result: ThresholdResult, snapshot: Snapshot) -> str:
    expression = parse_threshold(result.expression)
    contains = snapshot.metrics()[selector.metric].contains
    totals = snapshot.totals_by(selector, _ENDPOINT)
    if len(totals) < 2 or not expression.operator.value.startswith("<"):
        return ""
    values = [
        (aggregate(total, expression.term, contains=contains, elapsed_ns=0) or 0.0, tags)
        for tags, total in totals.items()
    ]
    value, tags = max(values)
    return f"Look at {_endpoint(tags)}: the slowest, at {format_quantity(value, result.unit)}."


def _rates_by(
    snapshot: Snapshot, selector: Selector, keys: tuple[str, ...]
) -> dict[Tags, RateTotal]:
    totals = snapshot.totals_by(selector, keys)
    return {tags: total for tags, total in totals.items() if isinstance(total, RateTotal)}


def _narrowed(selector: Selector, tags: Tags) -> Selector:
    return Selector(selector.metric, tags_of({**dict(selector.tags), **dict(tags)}))


def _endpoint(tags: Tags) -> str:
    named = dict(tags)
    return f"{named.get('method', '')} {named.get('name', '')}".strip()
