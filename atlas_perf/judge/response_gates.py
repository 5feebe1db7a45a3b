"""In the open model the response time is what is judged, whatever a file ported from k6 names.

There a criterion on `http_req_duration` asks how long requests took once they were sent. A
generator or a pool of users that falls behind sends them late, and such a criterion cannot see it.
So each one that sets an upper limit is judged on `http_req_response_time` as well, with the same
expression and tags; requests of the run's closed scenarios have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from atlas_perf.judge.grammar import Operator, parse_threshold
from atlas_perf.model.metric import HTTP_RESPONSE_TIME
from atlas_perf.model.plan import ArrivalRate, TestPlan, ThresholdPlan
from atlas_perf.model.series import Selector

_UPPER_LIMITS = (Operator.LESS, Operator.AT_MOST)


def response_gates(plan: TestPlan) -> Iterator[ThresholdPlan]:
    """A criterion on the response time for each of the plan's on the duration of requests.

    Not where the plan has criteria of its own on it, with the same tags: they say what is wanted.
    """
    if not any(isinstance(scenario.executor, ArrivalRate) for scenario in plan.scenarios):
        return
    own = _selectors(plan.thresholds)
    for threshold, selector in zip(plan.thresholds, own, strict=True):
        gated = Selector(HTTP_RESPONSE_TIME, selector.tags)
        operator = parse_threshold(threshold.expression).operator
        limits = selector.metric == "http_req_duration" and operator in _UPPER_LIMITS
        if limits and gated not in own:
            # Whoever ends the run early has asked for it on the other metric.
            yield replace(threshold, selector=str(gated), abort_on_fail=False)


def _selectors(thresholds: Sequence[ThresholdPlan]) -> list[Selector]:
    return [Selector.parse(threshold.selector) for threshold in thresholds]
