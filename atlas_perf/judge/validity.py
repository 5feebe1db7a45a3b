"""Does the run prove anything? What the measured totals themselves say against it.

A reason found here makes the run INVALID, whatever its thresholds say: numbers with a hole, or
from a generator that stood still, are no evidence about the system under test.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence

from atlas_perf.judge.dropped import dropped_reasons
from atlas_perf.judge.generator import standstill_reasons, throttling_reasons
from atlas_perf.model.batch import Ledger
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    Executor,
    PerVUIterations,
    RampingArrivalRate,
    SharedIterations,
    TestPlan,
    planned_arrivals,
)
from atlas_perf.model.series import Selector
from atlas_perf.model.snapshot import RateTotal, Snapshot, TrendTotal
from atlas_perf.model.summary import WorkerSummary
from atlas_perf.units import NS_PER_MS

START_LAG_LIMIT_MS = 100.0
"""If one iteration in a hundred began so late, the planned rate was not what was offered."""

START_LAG_OF_NOTE_MS = 20.0
"""A shorter lag than this is no reason, even where the responses are shorter still."""

_SCARCE = {
    errno.EMFILE: "raise the limit on open files (ulimit -n), use more processes or fewer users",
    errno.ENFILE: "raise the system's limit on open files, or spread the load over machines",
    errno.EADDRNOTAVAIL: "keep connections open (noConnectionReuse off), or widen the range of "
    "local ports; this machine may also have no address that reaches the target's",
    errno.ENOBUFS: "give the machine more memory for sockets, or use fewer users",
    errno.ENOMEM: "give the machine more memory, or use fewer users",
}
"""What the generator itself can run out of, and what to do then."""


def invalid_reasons(snapshot: Snapshot, *, stopped_early: bool) -> tuple[str, ...]:
    """One sentence for each thing that takes a run's evidence away.

    Args:
        stopped_early: an interrupt or a threshold ended the run, so that iterations left
            unstarted are no fault of the generator's.
    """
    workers = snapshot.workers()
    reasons = [sentence for one in workers for sentence in _of_worker(one)]
    reasons.extend(standstill_reasons(snapshot))
    reasons.extend(throttling_reasons(snapshot))
    lost = any(one.lost is not None for one in workers)
    for scenario, ledger in snapshot.ledger().items():
        # What a lost worker had under way is what it had not yet sent: that is said already.
        if not (lost or ledger.balanced):
            reasons.append(_of_imbalance(scenario, ledger))
        if not stopped_early:
            reasons.extend(dropped_reasons(scenario, ledger, snapshot))
        reasons.extend(_of_start_lag(scenario, snapshot))
    reasons.extend(_of_exhaustion(snapshot))
    return tuple(reasons)


def miscounted_iterations(plan: TestPlan, snapshot: Snapshot) -> tuple[str, ...]:
    """One sentence for each scenario whose workers did not share out what the plan fixes.

    Only of a run that came to its planned end with all its workers: every iteration of the plan
    was then started or dropped by one of them.
    """
    ledgers = snapshot.ledger()
    reasons = []
    for scenario in plan.scenarios:
        planned = _planned_iterations(scenario.executor)
        scheduled = ledgers.get(scenario.name, Ledger()).scheduled
        if planned is not None and scheduled != planned:
            reasons.append(
                f"Scenario {scenario.name} is planned with {planned} iterations, but its workers "
                f"scheduled {scheduled} in all: another load was offered than the plan's."
            )
    return tuple(reasons)


def _planned_iterations(executor: Executor) -> int | None:
    """How many iterations the plan fixes; None where time decides."""
    match executor:
        case SharedIterations(iterations=iterations):
            return iterations
        case PerVUIterations(vus=vus, iterations=iterations):
            return vus * iterations
        case ConstantArrivalRate() | RampingArrivalRate():
            return planned_arrivals(executor)
    return None


def _of_worker(worker: WorkerSummary) -> list[str]:
    name = f"Worker {worker.index}"
    reasons = []
    if worker.lost is not None:
        reasons.append(
            f"{name} was lost ({worker.lost}): what it had not yet sent is missing, "
            "and so is the end of the iterations it had under way."
        )
    elif worker.missing_intervals:
        seconds = _ranges(worker.missing_intervals)
        reasons.append(f"{name} never delivered its measurements of second {seconds}.")
    return reasons


def _of_imbalance(scenario: str, ledger: Ledger) -> str:
    return (
        f"Scenario {scenario} lost count of its iterations: {ledger.scheduled} scheduled, "
        f"{ledger.started} started, {ledger.dropped} dropped, {ledger.completed} completed, "
        f"{ledger.failed} failed, {ledger.interrupted} interrupted."
    )


def _of_start_lag(scenario: str, snapshot: Snapshot) -> Iterator[str]:
    """In the open model: late starts are in the response times, and are the generator's own."""
    tags = (("scenario", scenario),)
    lag = snapshot.total(Selector("iteration_lag", tags))
    if not isinstance(lag, TrendTotal):
        return
    lag_ns = lag.distribution.quantile(0.99)
    took = snapshot.total(Selector("http_req_duration", tags))
    longer = isinstance(took, TrendTotal) and lag_ns > took.at_least.quantile(0.95)
    limit_ms = START_LAG_OF_NOTE_MS if longer else START_LAG_LIMIT_MS
    if lag_ns >= limit_ms * NS_PER_MS:
        compared = ", longer than 95 % of its requests took" if longer else ""
        yield (
            f"Scenario {scenario} began one iteration in a hundred {lag_ns / NS_PER_MS:.0f} ms or "
            f"more after it was due{compared}: the generator did not keep the planned rate, and "
            "response times show its own lateness. Use more processes where cores are free, a "
            "lower rate or another machine, and look for blocking calls in the scenario."
        )


def _of_exhaustion(snapshot: Snapshot) -> Iterator[str]:
    """Requests that failed for want of something on this side count against no target."""
    failures = {
        dict(tags).get("error", ""): total
        for tags, total in snapshot.totals_by(Selector("http_req_failed"), ("error",)).items()
        if isinstance(total, RateTotal)
    }
    requests = sum(total.samples for total in failures.values())
    for number, advice in _SCARCE.items():
        words = os.strerror(number).lower()
        # The `error` tag is where it happened and the system's words: "dial: too many open files".
        failed = sum(total.passes for error, total in failures.items() if error.endswith(words))
        if failed:
            yield (
                f"{failed} of {requests} requests failed in the generator and not in the target "
                f"({words}): {advice}."
            )


def _ranges(numbers: Sequence[int]) -> str:
    """`3, 5-7`: rising numbers with runs folded."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
