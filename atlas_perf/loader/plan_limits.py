"""Plans that no machine can carry out, whatever it is: too many users, arrivals or years."""

from __future__ import annotations

from atlas_perf.errors import PlanError
from atlas_perf.model.plan import (
    LONGEST_RUN_S,
    ConstantArrivalRate,
    RampingArrivalRate,
    TestPlan,
    peak_arrivals_per_s,
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
        peak_per_s = peak_arrivals_per_s(executor) or 0
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
