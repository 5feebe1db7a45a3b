"""Measuring the generator by itself: load on a null server, before the load that is judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import atlas_perf.builtin
from atlas_perf.cli.child_server import child_server
from atlas_perf.cli.cores import usable_cores
from atlas_perf.cli.environments import Environment
from atlas_perf.cli.facts import gather_facts
from atlas_perf.cli.measuring import measure
from atlas_perf.cli.stop_signals import StopSignals
from atlas_perf.errors import ExitCode, RunInvalidError
from atlas_perf.judge.calibrated import RATE_SHARE_LIMIT
from atlas_perf.loader import load_scenario_file
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    HttpOptions,
    ScenarioPlan,
    TestPlan,
    WhenBusy,
)
from atlas_perf.model.summary import Calibration, Floor, Summary
from atlas_perf.schedule.peak_rate import peak_rate
from atlas_perf.units import NS_PER_S

DEFAULT_PAYLOAD_BYTES = 1_000
"""Of an answer, where nothing else is asked for: a short JSON document."""

DEFAULT_TIME_NS = 5 * NS_PER_S

MAXIMUM_SHARE_OF_TIME = 0.4
FLOOR_SHARE_OF_TIME = 0.3
"""At each of up to two rates."""

MOST_CONNECTIONS_PER_PROCESS = 64
"""More of them make no worker faster: it only looks at longer queues of its own."""

LIGHT_SHARE_OF_MAXIMUM = 0.1
"""The lower rate where the plan has none."""

HALF = 0.5
"""Of the highest rate: the other one, at which requests begin to wait for each other."""

LEAST_FLOOR_RATE_PER_S = 100
"""Slower plans are calibrated at this rate: a p(99) of a few samples would say nothing."""

MOST_FAILED = 0.01
"""Of the requests: figures of the others would be of another load than was meant."""

_FAILED = "the calibration failed"
_TIMEOUT_NS = 5 * NS_PER_S
_NAME = "calibration"
_STATS = ("p(50)", "p(95)", "p(99)")


@dataclass(frozen=True, slots=True)
class CalibrationLoad:
    """The load of a calibration, as far as the plan that it is for decides it."""

    processes: int
    connections: int
    rate_per_s: float | None = None  # None: the plan has users, and no rate
    payload_bytes: int = DEFAULT_PAYLOAD_BYTES
    time_ns: int = DEFAULT_TIME_NS

    @property
    def threads(self) -> int:
        """Of the null server, which takes up to about as much CPU as the workers that ask it."""
        return self.processes


def load_of_plan(plan: TestPlan, payload_bytes: int, time_ns: int) -> CalibrationLoad:
    """The plan's own processes, its users up to a bound, and the highest rate it may have."""
    peak = peak_rate(plan.scenarios)
    return CalibrationLoad(
        processes=plan.processes,
        connections=connections_for(plan.processes, plan.max_vus),
        rate_per_s=None if peak is None else float(peak.per_s),
        payload_bytes=payload_bytes,
        time_ns=time_ns,
    )


def connections_for(processes: int, users: int | None = None) -> int:
    """As many as there are users, and no more than the workers need to be busy."""
    most = processes * MOST_CONNECTIONS_PER_PROCESS
    return most if users is None else min(most, users)


def calibrate(load: CalibrationLoad, signals: StopSignals) -> Calibration:
    """Drive the null server as fast as possible, then evenly, and say what was measured of it.

    Raises:
        KeyboardInterrupt: a signal asked to stop.
        RunInvalidError: the null server or a worker did not come up, or requests failed; without
            these figures nothing can be held against them.
    """
    maximum = ConstantVUs(load.connections, round(load.time_ns * MAXIMUM_SHARE_OF_TIME))
    fastest, server_cores = _drive(load, maximum, signals)
    max_per_s = fastest.metrics["http_reqs"].values["rate"]
    return Calibration(
        processes=load.processes,
        connections=load.connections,
        cores=usable_cores(),
        payload_bytes=load.payload_bytes,
        max_per_s=max_per_s,
        worker_cores=sum(worker.cpu_share for worker in fastest.workers),
        server_cores=server_cores,
        floors=tuple(
            _floor(load, rate, signals) for rate in floor_rates(load.rate_per_s, max_per_s)
        ),
    )


def floor_rates(planned_per_s: float | None, max_per_s: float) -> tuple[int, ...]:
    """The planned rate, as far as the generator can be judged at it, and half of the highest.

    What is between is between in latency too, so that a run with users, or with several requests
    an iteration, is held against the floor at the rate that it came to.
    """
    light = LIGHT_SHARE_OF_MAXIMUM * max_per_s if planned_per_s is None else planned_per_s
    light = min(max(light, LEAST_FLOOR_RATE_PER_S), RATE_SHARE_LIMIT * max_per_s)
    half = HALF * max_per_s
    return tuple(max(1, round(rate)) for rate in ((light, half) if light < half else (light,)))


def _floor(load: CalibrationLoad, rate: int, signals: StopSignals) -> Floor:
    evenly = ConstantArrivalRate(
        rate,
        round(load.time_ns * FLOOR_SHARE_OF_TIME),
        pre_allocated_vus=load.connections,
        max_vus=load.connections,
        when_busy=WhenBusy.QUEUE,
    )
    metrics = _drive(load, evenly, signals)[0].metrics
    service, response, lag = (
        metrics[name].values
        for name in ("http_req_duration", "http_req_response_time", "iteration_lag")
    )
    return Floor(
        rate_per_s=float(rate),
        service_p50_ms=service["p(50)"],
        service_p95_ms=service["p(95)"],
        service_p99_ms=service["p(99)"],
        response_p50_ms=response["p(50)"],
        response_p95_ms=response["p(95)"],
        response_p99_ms=response["p(99)"],
        lag_p99_ms=lag["p(99)"],
    )


def _drive(
    load: CalibrationLoad, executor: Executor, signals: StopSignals
) -> tuple[Summary, float]:
    """One load on a null server of its own, and the cores that the server used for it."""
    arguments = ("--payload-bytes", str(load.payload_bytes), "--threads", str(load.threads))
    with child_server("the null server", "atlas_perf.null_server", arguments) as server:
        facts = gather_facts(Environment(None, server.url))
        plan = _plan(load, executor, server.url)
        summary = measure(plan, facts, signals, lambda _: None)
        if summary.exit_code is ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        _refuse_unusable(summary)
        said = server.end()
    try:
        return summary, float(said) / summary.measured_s
    except ValueError:
        raise RunInvalidError(
            f"{_FAILED}: the null server did not say what CPU it used; try again"
        ) from None


def _plan(load: CalibrationLoad, executor: Executor, url: str) -> TestPlan:
    variables = {"NULL_SERVER_URL": url}
    path = Path(atlas_perf.builtin.__file__).with_name(f"{_NAME}.py")
    file = load_scenario_file(path, variables)
    return TestPlan(
        name=_NAME,
        file=file.file,
        file_sha256=file.sha256,
        scenarios=(ScenarioPlan(_NAME, executor, graceful_stop_ns=_TIMEOUT_NS),),
        env=variables,
        http=HttpOptions(timeout_ns=_TIMEOUT_NS),
        processes=load.processes,
        summary_trend_stats=_STATS,
    )


def _refuse_unusable(summary: Summary) -> None:
    """A generator that is slow or late has been measured; one that failed has not."""
    lost = any(worker.lost is not None for worker in summary.workers)
    failed = summary.metrics.get("http_req_failed")
    failing = failed is not None and failed.values["rate"] > MOST_FAILED
    if lost or failing or "http_req_duration" not in summary.metrics:
        raise RunInvalidError(f"{_FAILED}: {summary.reasons[0]}")
