"""What the plan made due in each window of a run, beside what was begun in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from atlas_perf.model.plan import ConstantArrivalRate, RampingArrivalRate, TestPlan
from atlas_perf.model.summary import Window
from atlas_perf.schedule.arrivals import ArrivalSchedule, arrivals_seed
from atlas_perf.units import NS_PER_S


def with_planned_arrivals(
    windows: Sequence[Window], plan: TestPlan, *, offered_ns: int
) -> Iterator[Window]:
    """The windows, each with the arrivals of the plan that were due from the last one's end to its
    own; a second that no worker told of belongs to the next, as its samples do.

    Args:
        windows: in order.
        offered_ns: when the load was stopped, from the run's start: later arrivals are withdrawn.
    """
    ends_ns = [min((window.second + window.length_s) * NS_PER_S, offered_ns) for window in windows]
    before = 0
    for window, due in zip(windows, _due_before(ends_ns, plan), strict=True):
        yield replace(window, planned_arrivals=due - before)
        before = due


def _due_before(ends_ns: Sequence[int], plan: TestPlan) -> list[int]:
    """How many arrivals of all scenarios are due before each of these instants, which rise."""
    due = [0] * len(ends_ns)
    for scenario in plan.scenarios:
        if isinstance(scenario.executor, ConstantArrivalRate | RampingArrivalRate):
            counts = ArrivalSchedule(scenario.executor).due_before(
                [end_ns - scenario.start_time_ns for end_ns in ends_ns],
                arrivals_seed(plan.seed, scenario.name),
            )
            due = [whole + count for whole, count in zip(due, counts, strict=True)]
    return due
