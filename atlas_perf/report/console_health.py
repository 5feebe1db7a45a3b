"""What the end summary says of the generator's health where there is something to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from atlas_perf.model.batch import StallCause
from atlas_perf.model.summary import StallSummary, Summary, WorkerSummary
from atlas_perf.report.terminal_text import Paint, printable, wrapped
from atlas_perf.report.value_text import milliseconds_text

GC_PAUSE_WORTH_A_WORD_MS = 20.0
CPU_WAIT_WORTH_A_WORD = 0.05
STEAL_WORTH_A_WORD_CORES = 0.05

_MOST_STALLS = 5
_INDENT = "    "

_CAUSES = {
    StallCause.BUSY: "with more to do than it can",
    StallCause.GC: "in garbage collection",
    StallCause.CPU_WAIT: "for want of a CPU",
    StallCause.STOPPED: "because the process did not run",
    StallCause.HELD: "in a call that held the interpreter: only its length is known",
    StallCause.OTHER: "at further places",
}


def health_parts(summary: Summary) -> Iterator[str]:
    """Parts of the generator's line; none for a generator in good health."""
    workers = summary.workers
    wait = max(worker.cpu_wait_share for worker in workers)
    if wait >= CPU_WAIT_WORTH_A_WORD:
        yield f"waited for a CPU {wait:.0%} of the time"
    held = max(workers, key=lambda worker: worker.throttled_ms)
    if held.throttled_ms > 0:
        yield f"held back {milliseconds_text(held.throttled_ms)} by its CPU limit"
    steal_cores = _steal_cores(summary)
    if steal_cores >= STEAL_WORTH_A_WORD_CORES:
        yield f"{steal_cores:.2f} cores stolen by the hypervisor"
    pause_ms = max(worker.gc_pause_max_ms for worker in workers)
    if pause_ms >= GC_PAUSE_WORTH_A_WORD_MS:
        full = sum(worker.gc_full_collections for worker in workers)
        yield f"GC pauses up to {milliseconds_text(pause_ms)}, {full} of all objects"


def stall_lines(workers: Sequence[WorkerSummary], paint: Paint, width: int) -> list[str]:
    """A line for each place where an event loop stood still, the longest first."""
    merged = _merged(workers)
    lines = []
    for stall in merged[:_MOST_STALLS]:
        first, *rest = wrapped(_sentence(stall), width - len(_INDENT), "  ")
        lines += [_INDENT + paint("yellow", line) for line in (first, *rest)]
    hidden = len(merged) - _MOST_STALLS
    if hidden > 0:
        lines.append(_INDENT + paint("dim", f"and {hidden} more places in summary.json"))
    return lines


def _sentence(stall: StallSummary) -> str:
    longest = milliseconds_text(stall.longest_ms)
    often = f"{stall.count} times, up to {longest}" if stall.count > 1 else f"for {longest}"
    cause = _CAUSES.get(stall.cause, "")
    place = f"in {printable(stall.file)}:{stall.line}" if stall.file else ""
    where = ", ".join(filter(None, (cause, place)))
    code = f": {printable(stall.code)}" if stall.code else ""
    return f"the event loop stood still {often} {where}{code}"


def _merged(workers: Sequence[WorkerSummary]) -> list[StallSummary]:
    """The stalls of all workers by place."""
    merged: dict[tuple[StallCause, str, int], StallSummary] = {}
    for stall in (stall for worker in workers for stall in worker.stalls):
        key = (stall.cause, stall.file, stall.line)
        known = merged.get(key)
        merged[key] = stall if known is None else _together(known, stall)
    return sorted(merged.values(), key=lambda stall: -stall.longest_ms)


def _together(one: StallSummary, other: StallSummary) -> StallSummary:
    return replace(
        one,
        count=one.count + other.count,
        total_ms=one.total_ms + other.total_ms,
        longest_ms=max(one.longest_ms, other.longest_ms),
    )


def _steal_cores(summary: Summary) -> float:
    """On average over the run."""
    seconds = sum(window.length_s for window in summary.windows)
    stolen_s = sum(window.steal_cores * window.length_s for window in summary.windows)
    return stolen_s / seconds if seconds else 0.0
