"""Where to look when a criterion failed: the one check, endpoint or exception that weighs most."""

from __future__ import annotations

from atlas_perf.judge.aggregations import aggregate
from atlas_perf.judge.breakdown import distinct, narrowed
from atlas_perf.judge.grammar import parse_threshold
from atlas_perf.model.metric import HTTP_TIMES
from atlas_perf.model.series import Selector, Tags
from atlas_perf.model.snapshot import RateTotal, Snapshot
from atlas_perf.model.summary import ThresholdResult
from atlas_perf.units import format_quantity

_MOST_PLACES = 500  # a reason must not cost a second on a run with thousands of endpoints


def where_to_look(result: ThresholdResult, snapshot: Snapshot) -> str:
    """One sentence, or nothing where the metric does not tell more than itself."""
    selector = Selector.parse(result.selector)
    if selector.metric == "iteration_failed":
        return _commonest_exception(snapshot)
    if selector.metric == "checks":
        return _weakest_check(selector, snapshot)
    if selector.metric == "http_req_failed":
        return _failing_endpoint(selector, snapshot)
    if selector.metric in HTTP_TIMES:
        return _slowest_endpoint(selector, result, snapshot)
    return ""


def _commonest_exception(snapshot: Snapshot) -> str:
    exceptions = snapshot.exceptions()
    if not exceptions:
        return ""
    top = exceptions[0]
    what = f"{top.kind}: {top.message}" if top.message else top.kind
    return f"Look at {top.file}:{top.line}, {what} ({top.count} times)."


def _weakest_check(selector: Selector, snapshot: Snapshot) -> str:
    worst: tuple[int, int, str] | None = None
    for tags in distinct(snapshot, selector, ("check",))[:_MOST_PLACES]:
        total = snapshot.total(narrowed(selector, tags))
        if isinstance(total, RateTotal):
            fails = total.samples - total.passes
            if worst is None or fails > worst[0]:
                worst = (fails, total.samples, dict(tags).get("check", ""))
    if worst is None or worst[0] == 0:
        return ""
    fails, samples, name = worst
    return f"Look at the check {name!r}: {fails} of {samples} failed."


def _failing_endpoint(selector: Selector, snapshot: Snapshot) -> str:
    worst: tuple[int, int, Tags] | None = None
    for tags in distinct(snapshot, selector, ("method", "name"))[:_MOST_PLACES]:
        total = snapshot.total(narrowed(selector, tags))
        if isinstance(total, RateTotal) and (worst is None or total.passes > worst[0]):
            worst = (total.passes, total.samples, tags)
    if worst is None or worst[0] == 0:
        return ""
    failed, samples, tags = worst
    why = _commonest_failure(narrowed(selector, tags), snapshot)
    return f"Look at {_endpoint(tags)}: {failed} of {samples} failed{why}."


def _commonest_failure(selector: Selector, snapshot: Snapshot) -> str:
    most = 0
    text = ""
    for tags in distinct(snapshot, selector, ("status", "error_code", "error")):
        total = snapshot.total(narrowed(selector, tags))
        if isinstance(total, RateTotal) and total.passes > most:
            most = total.passes
            named = dict(tags)
            error = named.get("error") or f"error code {named.get('error_code', 'unknown')}"
            status = named.get("status", "0")
            text = f", mostly with {error if status == '0' else f'status {status}'}"
    return text


def _slowest_endpoint(selector: Selector, result: ThresholdResult, snapshot: Snapshot) -> str:
    expression = parse_threshold(result.expression)
    contains = snapshot.metrics()[selector.metric].contains
    places = distinct(snapshot, selector, ("method", "name"))[:_MOST_PLACES]
    if len(places) < 2 or not expression.operator.value.startswith("<"):
        return ""
    slowest: tuple[float, Tags] | None = None
    for tags in places:
        total = snapshot.total(narrowed(selector, tags))
        if total is None:
            continue
        value = aggregate(total, expression.term, contains=contains, elapsed_ns=snapshot.elapsed_ns)
        if value is not None and (slowest is None or value > slowest[0]):
            slowest = (value, tags)
    if slowest is None:
        return ""
    value, tags = slowest
    return f"Look at {_endpoint(tags)}: the slowest, at {format_quantity(value, result.unit)}."


def _endpoint(tags: Tags) -> str:
    named = dict(tags)
    return f"{named.get('method', '')} {named.get('name', '')}".strip()
