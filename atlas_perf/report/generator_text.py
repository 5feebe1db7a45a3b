"""What the generator says of itself in every report: what it planned and did, and its health."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.model.batch import Ledger
from atlas_perf.model.summary import Summary
from atlas_perf.report.console_arrivals import arrival_sentences
from atlas_perf.report.console_health import health_parts
from atlas_perf.report.terminal_text import printable
from atlas_perf.report.value_text import milliseconds_text
from atlas_perf.units import format_bytes


def load_sentences(summary: Summary) -> Iterator[str]:
    """Where the iterations of each scenario went, and offered against achieved arrivals."""
    for name, ledger in summary.ledger.items():
        yield f"{printable(name)}: {_ledger_text(ledger)}"
    yield from arrival_sentences(summary.windows)


def worker_parts(summary: Summary) -> Iterator[str]:
    """The workers' CPU, lag and memory, what is wrong with them, and what they lost."""
    workers = summary.workers
    if not workers:
        return
    lost = sum(worker.lost is not None for worker in workers)
    gaps = sum(len(worker.missing_intervals) for worker in workers)
    refused = sum(worker.refused_samples for worker in workers)
    overflowed = sum(worker.overflowed_samples for worker in workers)
    yield f"{len(workers)} worker{'' if len(workers) == 1 else 's'}"
    yield f"{sum(worker.cpu_share for worker in workers):.2f} CPU cores"
    yield f"loop lag at most {milliseconds_text(max(one.loop_lag_max_ms for one in workers))}"
    yield f"memory {format_bytes(sum(worker.peak_rss_bytes for worker in workers))}"
    if lost:
        yield f"{lost} lost"
    yield from health_parts(summary)
    if gaps:
        yield f"{gaps} interval{'' if gaps == 1 else 's'} missing"
    if refused:
        yield f"{refused} values refused"
    if overflowed:
        yield f"{overflowed} samples beyond the series cap"
    if not lost and not gaps:
        yield "nothing lost"


def generator_sentences(summary: Summary) -> Iterator[str]:
    """Both, a sentence for a line."""
    yield from load_sentences(summary)
    parts = " · ".join(worker_parts(summary))
    if parts:
        yield parts


def _ledger_text(ledger: Ledger) -> str:
    counts = {
        "completed": ledger.completed,
        "failed": ledger.failed,
        "interrupted": ledger.interrupted,
        "dropped": ledger.dropped,
        "unaccounted for": ledger.in_flight,
    }
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    return f"{ledger.scheduled} iterations scheduled, {', '.join(parts) or 'none started'}"
