"""From a scenario's plan to the executor that carries out this worker's share of it."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.clock import now_ns
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    WhenBusy,
)
from atlas_perf.schedule.arrivals import ArrivalSchedule, arrivals_seed
from atlas_perf.schedule.ramp import vu_steps, worker_vu_steps
from atlas_perf.schedule.shares import share_of_iterations, share_of_vus
from atlas_perf.worker.alarm import Alarm
from atlas_perf.worker.deadlines import Clock
from atlas_perf.worker.executors.arrival_rate import ArrivalRateExecutor, MakeAlarm
from atlas_perf.worker.executors.base import Executor, Iterations
from atlas_perf.worker.executors.constant_vus import ConstantVUsExecutor
from atlas_perf.worker.executors.per_vu_iterations import PerVUIterationsExecutor
from atlas_perf.worker.executors.ramping_vus import RampingVUsExecutor
from atlas_perf.worker.executors.shared_iterations import SharedIterationsExecutor
from atlas_perf.worker.virtual_user import VirtualUser


def executor_for(
    scenario: ScenarioPlan,
    users: Sequence[VirtualUser],
    iterations: Iterations,
    *,
    worker: int,
    workers: int,
    seed: int = 0,
    clock: Clock = now_ns,
    alarm: MakeAlarm = Alarm,
) -> Executor:
    """The executor of `scenario` on one worker of several, over the users that live there."""
    match scenario.executor:
        case ConstantVUs():
            return ConstantVUsExecutor(scenario, users, iterations, clock)
        case RampingVUs(start_vus, stages, graceful_ramp_down_ns):
            return RampingVUsExecutor(
                scenario,
                users,
                iterations,
                clock,
                steps=worker_vu_steps(vu_steps(start_vus, stages), worker, workers),
                graceful_ramp_down_ns=graceful_ramp_down_ns,
            )
        case SharedIterations(vus, whole):
            share = share_of_iterations(whole, vus, worker, workers)
            return SharedIterationsExecutor(scenario, users, iterations, clock, share=share)
        case PerVUIterations(iterations=each):
            return PerVUIterationsExecutor(scenario, users, iterations, clock, each=each)
        case ConstantArrivalRate() | RampingArrivalRate() as rate:
            schedule = ArrivalSchedule(rate)
            takers = min(workers, rate.max_vus)  # a worker without a user takes no arrival
            takes = worker < takers
            arrivals = schedule.offsets_ns(worker, takers, arrivals_seed(seed, scenario.name))
            return ArrivalRateExecutor(
                scenario,
                users,
                iterations,
                clock,
                offsets_ns=arrivals if takes else iter(()),
                share=schedule.share(worker, takers) if takes else 0,
                made=share_of_vus(rate.pre_allocated_vus, worker, workers),
                queues=rate.when_busy is WhenBusy.QUEUE,
                alarm=alarm,
            )
