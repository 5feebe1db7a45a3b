"""What the user sees once a second, read off the aggregator."""

from __future__ import annotations

from dataclasses import replace

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.coordinator.run_record import RunRecord
from atlas_perf.model.metric import TASK_COMPLETED
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.progress import Exchanges, GeneratorHealth, Progress, RunPhase
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import CounterTotal, GaugeTotal, RateTotal, Total
from atlas_perf.model.summary import Window
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.schedule.planned_rate import PlannedRate
from atlas_perf.units import NS_PER_S

NEWEST_WINDOWS = 60
"""A worker that could not send for a while tells of many seconds at once."""


def read_progress(
    state: RunRecord, aggregator: Aggregator, *, elapsed_ns: int, message: str
) -> Progress:
    """Where the run stands, `elapsed_ns` after T0."""
    window = newest_complete_window(aggregator)
    ledgers = aggregator.ledger().values()
    times = PhaseTimes(state.plan)
    running = state.phase is RunPhase.RUNNING
    change_ns = times.next_change_ns(elapsed_ns) if running else None
    return Progress(
        phase=state.phase,
        elapsed_s=elapsed_ns / NS_PER_S,
        planned_s=state.plan.end_ns / NS_PER_S,
        vus=round(window.vus) if window is not None else 0,
        vus_max=_gauge(aggregator, "vus_max") or state.plan.max_vus,  # at first no worker told
        iterations=sum(ledger.completed + ledger.failed for ledger in ledgers),
        interrupted=sum(ledger.interrupted for ledger in ledgers),
        requests=_count(aggregator, "http_reqs"),
        requests_per_s=window.requests_per_s if window is not None else 0.0,
        failed_requests=_rate(aggregator, "http_req_failed").passes,
        p95_ms=window.p95_ms if window is not None else None,
        response_p95_ms=window.response_p95_ms if window is not None else None,
        checks_failed=_failed_checks(aggregator),
        workers_alive=len(state.living),
        workers=len(state.workers),
        load_phases=times.at(elapsed_ns, elapsed_ns + 1) if running else (),
        phase_left_s=None if change_ns is None else (change_ns - elapsed_ns) / NS_PER_S,
        dropped=sum(ledger.dropped for ledger in ledgers),
        planned_per_s=_planned_per_s(state.plan, window) if running else None,
        started_per_s=window.started_arrivals / window.length_s if window is not None else 0.0,
        health=_health(window),
        exchanges=_exchanges(aggregator, window),
        newest=newest_complete_windows(aggregator),
        message=message,
    )


def _planned_per_s(plan: TestPlan, window: Window | None) -> float | None:
    """By the plan, in the second that the other rates are of; before there is one, in the first."""
    second = 0 if window is None else window.second
    return PlannedRate(plan).per_s(second * NS_PER_S, (second + 1) * NS_PER_S)


def _health(window: Window | None) -> GeneratorHealth:
    if window is None:
        return GeneratorHealth()
    return GeneratorHealth(
        loop_lag_ms=window.loop_lag_max_ms,
        loop_cpu_share=window.loop_cpu_share_max,
        cpu_wait_share=window.cpu_wait_share_max,
        throttled_share=window.throttled_share_max,
        start_lag_p99_ms=window.lag_p99_ms,
    )


def _exchanges(aggregator: Aggregator, window: Window | None) -> Exchanges:
    tasks = _rate(aggregator, TASK_COMPLETED)
    so_far = Exchanges(
        ws_sessions=_count(aggregator, "ws_sessions"),
        ws_sessions_failed=_rate(aggregator, "ws_session_failed").passes,
        ws_msgs_sent=_count(aggregator, "ws_msgs_sent"),
        ws_msgs_received=_count(aggregator, "ws_msgs_received"),
        ws_msgs_lost=_count(aggregator, "ws_msgs_lost"),
        sse_events=_count(aggregator, "sse_events"),
        tasks_ended=_count(aggregator, "tasks_ended"),
        tasks_failed=tasks.samples - tasks.passes,
    )
    if window is None:
        return so_far
    return replace(
        so_far,
        ws_sessions_open=round(window.ws_sessions_open),
        ws_msgs_sent_per_s=aggregator.counted_per_s("ws_msgs_sent", window),
        ws_msgs_received_per_s=aggregator.counted_per_s("ws_msgs_received", window),
        ws_rtt_p95_ms=window.ws_rtt_p95_ms,
        sse_events_per_s=aggregator.counted_per_s("sse_events", window),
        tasks_ended_per_s=aggregator.counted_per_s("tasks_ended", window),
    )


def newest_complete_windows(aggregator: Aggregator) -> tuple[Window, ...]:
    """The last seconds that every living worker has reported, in their order."""
    newest = aggregator.elapsed_ns // NS_PER_S - 1
    recent = aggregator.windows()[-NEWEST_WINDOWS:]
    return tuple(window for window in recent if window.second <= newest)


def newest_complete_window(aggregator: Aggregator) -> Window | None:
    """The newest second that every living worker has reported."""
    newest = aggregator.elapsed_ns // NS_PER_S - 1
    return next(
        (window for window in reversed(aggregator.windows()) if window.second <= newest), None
    )


def _count(aggregator: Aggregator, metric: str) -> int:
    total = _total(aggregator, metric)
    return round(total.total) if isinstance(total, CounterTotal) else 0


def _gauge(aggregator: Aggregator, metric: str) -> int:
    total = _total(aggregator, metric)
    return round(total.value) if isinstance(total, GaugeTotal) else 0


def _rate(aggregator: Aggregator, metric: str) -> RateTotal:
    total = _total(aggregator, metric)
    return total if isinstance(total, RateTotal) else RateTotal(passes=0, samples=0)


def _total(aggregator: Aggregator, metric: str) -> Total | None:
    """Of all that has happened: a warm-up that does not count is work under way all the same."""
    return aggregator.total(Selector(metric), uncounted_too=True)


def _failed_checks(aggregator: Aggregator) -> int:
    checks = _rate(aggregator, "checks")
    return checks.samples - checks.passes
