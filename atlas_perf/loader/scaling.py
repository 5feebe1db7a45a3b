"""The same plan, shorter or with fewer virtual users: how a CI job runs it in a minute.

Durations of load are scaled: stages, `duration`, `startTime`, `warmUp`, `maxDuration`. Limits that
protect an iteration or the verdict are not: graceful periods, timeouts, `delayAbortEval`. Neither
are iterations, nor counts in thresholds. An arrival rate is scaled with the users who are to carry
it: its time unit is divided, which is exact where a rate of whole iterations would not be.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from atlas_perf.errors import UsageError
from atlas_perf.model.plan import (
    ArrivalRate,
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    executor_duration_ns,
)
from atlas_perf.units import NS_PER_MS, format_planned

Rate = TypeVar("Rate", bound=ArrivalRate)


LEAST_LOAD_NS = NS_PER_MS
"""No iteration is begun on time in less."""


def scaled(scenario: ScenarioPlan, duration_scale: float, vus_scale: float) -> ScenarioPlan:
    """The scenario with its time and its virtual users multiplied.

    Raises:
        UsageError: it would have no time worth speaking of.
    """
    result = _scaled(scenario, duration_scale, vus_scale)
    before_ns = executor_duration_ns(scenario.executor)
    load_ns = executor_duration_ns(result.executor)
    if load_ns < LEAST_LOAD_NS <= before_ns:
        raise UsageError(
            f"--duration-scale {duration_scale:g} leaves {format_planned(load_ns)} of the "
            f"{format_planned(before_ns)} of scenario {scenario.name!r}: nothing can be measured "
            f"in less than {format_planned(LEAST_LOAD_NS)}, so scale by more"
        )
    return result


def _scaled(scenario: ScenarioPlan, duration_scale: float, vus_scale: float) -> ScenarioPlan:
    # As people wrote it: 0.1 is a tenth, not the binary fraction next to it.
    time, users = Fraction(str(duration_scale)), Fraction(str(vus_scale))
    return replace(
        scenario,
        executor=_scaled_executor(scenario.executor, time, users),
        start_time_ns=_scaled_count(scenario.start_time_ns, time),
        warm_up_ns=_scaled_count(scenario.warm_up_ns, time),
    )


def _scaled_executor(executor: Executor, time: Fraction, users: Fraction) -> Executor:
    match executor:
        case ConstantVUs():
            return replace(
                executor,
                vus=_scaled_count(executor.vus, users),
                duration_ns=_scaled_count(executor.duration_ns, time),
            )
        case RampingVUs():
            return replace(
                executor,
                start_vus=_scaled_count(executor.start_vus, users),
                step_ns=_scaled_count(executor.step_ns, time),
                stages=tuple(
                    Stage(
                        _scaled_count(stage.duration_ns, time), _scaled_count(stage.target, users)
                    )
                    for stage in executor.stages
                ),
            )
        case SharedIterations():
            # More users than iterations would have nothing to do.
            return replace(
                executor,
                vus=min(_scaled_count(executor.vus, users), executor.iterations),
                max_duration_ns=_scaled_count(executor.max_duration_ns, time),
            )
        case PerVUIterations():
            return replace(
                executor,
                vus=_scaled_count(executor.vus, users),
                max_duration_ns=_scaled_count(executor.max_duration_ns, time),
            )
        case ConstantArrivalRate():
            return replace(
                _with_scaled_users(executor, users),
                duration_ns=_scaled_count(executor.duration_ns, time),
            )
        case RampingArrivalRate():
            return replace(
                _with_scaled_users(executor, users),
                stages=tuple(
                    Stage(_scaled_count(stage.duration_ns, time), stage.target)
                    for stage in executor.stages
                ),
            )


def _with_scaled_users(executor: Rate, users: Fraction) -> Rate:
    return replace(
        executor,
        time_unit_ns=_scaled_count(executor.time_unit_ns, 1 / users),
        pre_allocated_vus=_scaled_count(executor.pre_allocated_vus, users),
        max_vus=_scaled_count(executor.max_vus, users),
    )


def _scaled_count(count: int, scale: Fraction) -> int:
    """Rounded, half up; what was there stays there (at least 1), and nothing stays nothing."""
    return 0 if count == 0 else max(1, math.floor(count * scale + Fraction(1, 2)))
