"""In the open model the response time is what is judged, whatever a file ported from k6 names.

There a criterion on `http_req_duration` asks how long requests took once they were sent. A
generator or a pool of users that falls behind sends them late, and such a criterion cannot see it.
So each one that sets an upper limit is judged on `http_req_response_time` as well, with the same
expression and tags; requests of the run's closed scenarios have none. It is the same with the round
trips of WebSocket messages, `ws_rtt`, and `ws_response_time{operation:rtt}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from atlas_perf.judge.grammar import Operator, parse_threshold
from atlas_perf.model.metric import HTTP_RESPONSE_TIME, WS_RESPONSE_TIME, WS_RTT
from atlas_perf.model.plan import ArrivalRate, TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector, tags_of

_UPPER_LIMITS = (Operator.LESS, Operator.AT_MOST)
_SERVICE = "http_req_duration"
_OF_A_ROUND_TRIP = ("operation", "rtt")


def response_gates(plan: TestPlan) -> Iterator[ThresholdPlan]:
    """A criterion on the response time for each of the plan's on the duration of requests, and on
    the round trips of messages.

    Not where the plan has criteria of its own on it, with the same tags: they say what is wanted.
    """
    if not any(isinstance(scenario.executor, ArrivalRate) for scenario in plan.scenarios):
        return
    own = _selectors(plan.thresholds)
    for threshold, selector in zip(plan.thresholds, own, strict=True):
        gated = response_twin(selector)
        if gated is None or parse_threshold(threshold.expression).operator not in _UPPER_LIMITS:
            continue
        if gated not in own and Selector(gated.metric, selector.tags) not in own:
            # Whoever ends the run early has asked for it on the other metric.
            yield replace(threshold, selector=str(gated), abort_on_fail=False)


def response_twin(selector: Selector) -> Selector | None:
    """Of a time from when something was sent, that from its intended start; else None."""
    if selector.metric == _SERVICE:
        return Selector(HTTP_RESPONSE_TIME, selector.tags)
    if selector.metric == WS_RTT:
        return Selector(WS_RESPONSE_TIME, tags_of(dict((*selector.tags, _OF_A_ROUND_TRIP))))
    return None


def service_twin(selector: Selector) -> Selector:
    """Of a response time, the time from when it was sent; of anything else, itself."""
    if selector.metric == HTTP_RESPONSE_TIME:
        return Selector(_SERVICE, selector.tags)
    if selector.metric == WS_RESPONSE_TIME and _OF_A_ROUND_TRIP in selector.tags:
        rest = tuple(pair for pair in selector.tags if pair != _OF_A_ROUND_TRIP)
        return Selector(WS_RTT, rest)
    return selector


def _selectors(thresholds: Sequence[ThresholdPlan]) -> list[Selector]:
    return [Selector.parse(threshold.selector) for threshold in thresholds]
