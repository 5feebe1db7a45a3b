"""Plans that no machine can carry out, whatever it is: too many users, arrivals or years."""

from __future__ import annotations

from atlas_perf.errors import PlanError
from atlas_perf.model.plan import (
    LONGEST_RUN_S,
    ConstantArrivalRate,
    Executor,
    RampingArrivalRate,
    TestPlan,
)
from atlas_perf.units import LONGEST_NS, LONGEST_YEARS, NS_PER_S

MOST_USERS = 1_000_000
"""Virtual users of one plan: each takes some kilobytes and, under load, a connection."""

LONGEST_PLAN_DAYS = LONGEST_RUN_S // 86_400 - 1
"""A day less than a run can be measured for, since it may start late and be wound up slowly."""

MOST_ARRIVALS_PER_WORKER_S = 1_000_000
"""Far more than a worker begins: to drop an arrival alone takes it about a microsecond, and one
that falls behind by more than it can drop is silent until it is taken for lost."""


def refuse_beyond_measure(plan: TestPlan) -> None:
    """Raises PlanError, in one sentence with the numbers."""
    if plan.max_vus > MOST_USERS:
        raise PlanError(
            f"{plan.max_vus} virtual users are more than one run can have ({MOST_USERS}): ask for "
            "fewer, or spread them over several machines"
        )
    ends_ns = max(scenario.end_ns + scenario.graceful_stop_ns for scenario in plan.scenarios)
    if ends_ns > LONGEST_PLAN_DAYS * 86_400 * NS_PER_S:
        raise PlanError(
            f"the plan lasts longer than {LONGEST_PLAN_DAYS} days, its graceful stop included: "
            "nothing is measured of a longer run"
        )
    most = MOST_ARRIVALS_PER_WORKER_S * plan.processes
    for scenario in plan.scenarios:
        executor = scenario.executor
        peak_per_s = _peak_per_s(executor)
        if peak_per_s > most:
            workers = "worker process" if plan.processes == 1 else "worker processes"
            raise PlanError(
                f"scenario {scenario.name!r} asks for {peak_per_s:,.0f} iterations a second, more "
                f"than {plan.processes} {workers} can even count ({most:,}): ask for a lower rate"
            )
        if (
            isinstance(executor, ConstantArrivalRate | RampingArrivalRate)
            and executor.time_unit_ns > LONGEST_NS
        ):
            raise PlanError(
                f"scenario {scenario.name!r} counts its rate in more than {LONGEST_YEARS} years: "
                "scale its users by more"
            )


def _peak_per_s(executor: Executor) -> float:
    """How many iterations a second an arrival rate makes due at most; 0 for every other load."""
    match executor:
        case ConstantArrivalRate(rate=rate, time_unit_ns=unit_ns):
            return rate * NS_PER_S / unit_ns
        case RampingArrivalRate(stages=stages, start_rate=begin, time_unit_ns=unit_ns):
            return max(begin, *(stage.target for stage in stages)) * NS_PER_S / unit_ns
        case _:
            return 0
