"""Was it the generator? What workers say of their own event loops, CPUs and collections.

A generator that was late measures itself: what it kept waiting looks like a slow server. Lateness
of the worker's own making is told apart from waiting for a CPU that other programs had, which a
busy machine does to everybody and which makes a run doubtful, not void.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from atlas_perf.model.batch import StallCause
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import Snapshot, TrendTotal
from atlas_perf.model.summary import StallSummary, WorkerSummary
from atlas_perf.units import NS_PER_MS, format_duration

LOOP_LAG_LIMIT_MS = 1_000.0
"""A generator that stood still this long missed a second of every response it waited for."""

LAG_WORTH_A_WORD_MS = 50.0
"""A shorter standstill is in the order of what any busy machine does to a process."""

OWN_LAG_SHARE_LIMIT = 0.01
"""More of the run in lags of the worker's own making than this, and its p(99) is its own."""

OWN_LAG_SECONDS = 3
"""In fewer seconds than this it was a beginning, such as a module's first import, and no habit."""

OWN_LAG_OF_MEDIAN = 0.5
"""A lag shorter than this part of the median response changes little of what is measured."""

BUSY_CPU_SHARE_OF_NOTE = 0.9
"""A worker this busy on average is likely what limits a closed loop: its rate is the core's."""

SATURATED_SHARE_OF_NOTE = 0.5
"""Of a worker's seconds in which it used a whole core: as much, where the load was not even."""

CPU_WAIT_SHARE_OF_NOTE = 0.2
"""Of the run: in one moment of five the worker had something to do and could not."""

THROTTLED_SHARE_LIMIT = 0.01
"""More of the run held back by a CPU limit than this, and its p(99) is the limit's."""

THROTTLED_SECONDS = 3
"""In fewer seconds than this it was a beginning, unless the run has no more, the last aside."""

_ADVICE = {
    StallCause.BLOCKING: "Await instead: asyncio.sleep for time.sleep, vu.http for requests, and "
    "asyncio.to_thread for calls that only block.",
    StallCause.BUSY: "It had more to do than one process can: use more processes where cores are "
    "free, fewer users or a lower rate.",
    StallCause.GC: "Garbage collection took that long: let the scenario keep fewer objects, or "
    "make them when the file is imported, which takes them out of later collections.",
    StallCause.CPU_WAIT: "Other programs had the CPUs: use fewer processes than cores, leave the "
    "machine to the test, or use another one.",
    StallCause.STOPPED: "The process did not run at all: it was stopped, its machine was "
    "suspended, or its container met its CPU limit. Run it where nothing does that.",
    StallCause.HELD: "A call held the interpreter: look for compiled code that computes for long, "
    "and run it before the load or in another process.",
}
_ADVICE_WITHOUT_A_CAUSE = (
    "Look for a blocking call in the scenario (time.sleep, requests), then use fewer processes "
    "than cores and leave the machine to the test."
)


def standstill_reasons(snapshot: Snapshot) -> Iterator[str]:
    """One sentence for each worker whose latencies are its own doing: the run proves nothing."""
    median_ms = _quantile_ms(snapshot, 0.5)
    for worker in snapshot.workers():
        if worker.loop_lag_max_ms >= LOOP_LAG_LIMIT_MS:
            stall = _longest(worker)
            yield (
                f"Worker {worker.index} stood still for {worker.loop_lag_max_ms / 1000:.1f} s"
                f"{where_stalled(stall)}: its latencies measure the generator. {_advice(stall)}"
            )
        elif median_ms is not None and _is_late_by_itself(worker, median_ms):
            stall = _most_of_own_lag(worker)
            each_ms = worker.own_lag_ms / worker.own_lags
            yield (
                f"Worker {worker.index} kept its requests waiting in {worker.own_lag_share:.1%} of "
                f"the run, {_ms(each_ms)} at a time{where_stalled(stall)}, where half of the "
                f"responses took {_ms(median_ms)} or less: its latencies measure the generator. "
                f"{_advice(stall)}"
            )


def throttling_reasons(snapshot: Snapshot) -> Iterator[str]:
    """The sentence of a generator that its container's CPU limit held back, again and again.

    The limit is of a group, in which all workers of a run usually are: one of them speaks.
    """
    workers = snapshot.workers()
    held = max(workers, key=lambda one: one.throttled_share, default=None)
    if (
        held is not None
        and held.throttled_share > THROTTLED_SHARE_LIMIT
        and held.throttled_seconds >= max(1, min(THROTTLED_SECONDS, held.batches - 1))
    ):
        yield (
            f"The generator used up its CPU limit and was held back in "
            f"{held.throttled_share:.1%} of the run, in {held.throttled_seconds} of its "
            f"{held.batches} seconds: its latencies contain that, and its rate is the limit's. "
            "Raise the CPU limit of its container (cpu.max of its control group, "
            "resources.limits.cpu of a pod), use fewer processes, or a lower rate."
        )


def generator_notes(snapshot: Snapshot) -> Iterator[str]:
    """Sentences on what makes latencies doubtful and takes no evidence away."""
    lag = _lag_note(snapshot)
    if lag is not None and not any(standstill_reasons(snapshot)):
        yield lag
    workers = snapshot.workers()
    busy = [one for one in workers if _is_saturated(one)]
    if busy:
        share = max(one.loop_cpu_share for one in busy)
        seconds = max(one.saturated_share for one in busy)
        yield (
            f"{len(busy)} of {len(workers)} workers used up to {share:.0%} of a core, a whole one "
            f"in {seconds:.0%} of the seconds: the generator itself may be the limit, and its own "
            "queueing is in the latencies. Use fewer users, a lower rate, or more processes where "
            "cores are free"
        )
    kept = max(workers, key=lambda one: one.cpu_wait_share, default=None)
    if kept is not None and kept.batches > 1 and kept.cpu_wait_share >= CPU_WAIT_SHARE_OF_NOTE:
        yield (
            f"worker {kept.index} was ready to run and waited for a CPU in "
            f"{kept.cpu_wait_share:.0%} of the time, and latencies contain that: use fewer "
            "processes than cores, leave the machine to the test, or use another one"
        )


def where_stalled(stall: StallSummary | None) -> str:
    """` in shop.py:14 (time.sleep(2))`, or nothing if no place is known."""
    if stall is None or not stall.file:
        return ""
    code = f" ({stall.code})" if stall.code else ""
    return f" in {PurePath(stall.file).name}:{stall.line}{code}"


def _is_saturated(worker: WorkerSummary) -> bool:
    """Of a run of some length: what starts and ends within a second is all start and end."""
    return worker.batches > 1 and (
        worker.loop_cpu_share >= BUSY_CPU_SHARE_OF_NOTE
        or worker.saturated_share >= SATURATED_SHARE_OF_NOTE
    )


def _is_late_by_itself(worker: WorkerSummary, median_ms: float) -> bool:
    return (
        worker.own_lags > 0
        and worker.own_lag_share > OWN_LAG_SHARE_LIMIT
        and worker.own_lag_seconds >= OWN_LAG_SECONDS
        and worker.own_lag_ms / worker.own_lags >= OWN_LAG_OF_MEDIAN * median_ms
    )


def _lag_note(snapshot: Snapshot) -> str | None:
    """What lag short of the limit may have done to the latencies, if it is as long as they are."""
    worst = max(snapshot.workers(), key=lambda one: one.loop_lag_max_ms, default=None)
    p95_ms = _quantile_ms(snapshot, 0.95)
    if worst is None or p95_ms is None:
        return None
    lag_ms = worst.loop_lag_max_ms
    if not LAG_WORTH_A_WORD_MS < lag_ms < LOOP_LAG_LIMIT_MS or lag_ms <= p95_ms:
        return None
    return (
        f"the generator's own event loop stood still for up to {lag_ms:.0f} ms"
        f"{where_stalled(_longest(worst))}, longer than 95 % of the responses took: latencies up "
        "to that may be its own. Look for blocking calls (time.sleep, requests), or use more "
        "processes"
    )


def _longest(worker: WorkerSummary) -> StallSummary | None:
    return max(worker.stalls, key=lambda stall: stall.longest_ms, default=None)


def _most_of_own_lag(worker: WorkerSummary) -> StallSummary | None:
    """The place that explains the worker's own lags; None if they are many short ones."""
    own = [stall for stall in worker.stalls if stall.cause is not StallCause.CPU_WAIT]
    most = max(own, key=lambda stall: stall.total_ms, default=None)
    return most if most is not None and most.total_ms >= worker.own_lag_ms / 2 else None


def _advice(stall: StallSummary | None) -> str:
    return (
        _ADVICE_WITHOUT_A_CAUSE
        if stall is None
        else _ADVICE.get(stall.cause, _ADVICE_WITHOUT_A_CAUSE)
    )


def _quantile_ms(snapshot: Snapshot, q: float) -> float | None:
    total = snapshot.total(Selector("http_req_duration"))
    return total.at_least.quantile(q) / NS_PER_MS if isinstance(total, TrendTotal) else None


def _ms(value_ms: float) -> str:
    return format_duration(value_ms * NS_PER_MS)
