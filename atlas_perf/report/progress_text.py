"""Where a run stands, in words: what is worth watching, in the order of its weight.

A reading is a row of cells, the same ones as long as the run goes well, so that nothing on a
terminal jumps; what is wrong gets a cell of its own, and its colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from atlas_perf.model.progress import Exchanges, GeneratorHealth, Progress, RunPhase

LAG_OF_NOTE_MS = 20.0
"""An event loop that is asked every 20 ms and later than this does too much, or has no CPU."""

START_LAG_OF_NOTE_MS = 20.0
THROTTLED_OF_NOTE = 0.01
CPU_OF_NOTE = 0.9  # of a core
CPU_WAIT_OF_NOTE = 0.2
LOAD_TO_COME = (RunPhase.STARTING, RunPhase.SETUP, RunPhase.RUNNING)
"""Later nothing is left of the load, however early an interrupt or a threshold ended it."""

KEPT_SHARE = 0.95
"""Of the planned rate, in one second: less than this is not chance."""


class Mood(StrEnum):
    """How a value should look."""

    FINE = "fine"
    STRAINED = "strained"  # may be worth a look
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value with its label; `plain` is both as a part of a sentence."""

    label: str
    value: str
    plain: str
    mood: Mood = Mood.FINE


def cells(progress: Progress) -> Iterator[Cell]:
    """The numbers worth watching; latencies only once there are some."""
    users = f"{progress.vus}/{progress.vus_max}"
    yield Cell("users", users, f"{users} VUs")
    yield from _rates(progress)
    if progress.p95_ms is not None:
        took = _milliseconds(progress.p95_ms)
        yield Cell("p95", took, f"p95 {took}")
    if progress.response_p95_ms is not None:
        took = _milliseconds(progress.response_p95_ms)
        yield Cell("response p95", took, f"response p95 {took}")
    if progress.exchanges.ws_rtt_p95_ms is not None:
        took = _milliseconds(progress.exchanges.ws_rtt_p95_ms)
        yield Cell("round trip p95", took, f"round trip p95 {took}")
    yield from _failures(progress)
    if progress.checks_failed:
        count = f"{progress.checks_failed:,}"
        yield Cell("checks failed", count, f"{count} checks failed", Mood.BAD)
    if progress.interrupted:
        count = f"{progress.interrupted:,}"
        yield Cell("interrupted", count, f"{count} interrupted", Mood.STRAINED)
    yield _generator(progress)


def _rates(progress: Progress) -> Iterator[Cell]:
    if progress.planned_per_s is not None:
        planned, started = _rate(progress.planned_per_s), _rate(progress.started_per_s)
        kept = progress.started_per_s >= KEPT_SHARE * progress.planned_per_s
        yield Cell(
            "rate",
            f"{started} of {planned}/s",
            f"{started} of {planned} iterations/s",
            Mood.FINE if kept else Mood.STRAINED,
        )
    else:
        count = f"{progress.iterations:,}"
        yield Cell("iterations", count, f"{count} iterations")
    if progress.dropped:
        count = f"{progress.dropped:,}"
        yield Cell("dropped", count, f"{count} dropped", Mood.BAD)
    if progress.requests or not progress.exchanges.any:
        requests = _rate(progress.requests_per_s)
        yield Cell("requests", f"{requests}/s", f"{requests} req/s")
    yield from _exchanged(progress.exchanges)


def _exchanged(exchanges: Exchanges) -> Iterator[Cell]:
    """Of WebSockets, streams and tasks, as soon as the run has had any."""
    if exchanges.ws_sessions:
        sessions = f"{exchanges.ws_sessions_open:,}"
        yield Cell("sessions", sessions, f"{sessions} sessions")
        sent = _rate(exchanges.ws_msgs_sent_per_s)
        yield Cell("sent", f"{sent}/s", f"{sent} messages/s sent")
        received = _rate(exchanges.ws_msgs_received_per_s)
        yield Cell("received", f"{received}/s", f"{received} received")
    if exchanges.sse_events:
        events = _rate(exchanges.sse_events_per_s)
        yield Cell("events", f"{events}/s", f"{events} events/s")
    if exchanges.tasks_ended:
        tasks = _rate(exchanges.tasks_ended_per_s)
        yield Cell("tasks", f"{tasks}/s", f"{tasks} tasks/s")


def _failures(progress: Progress) -> Iterator[Cell]:
    """Of each kind that there were failures of; without any, that there are none."""
    exchanges = progress.exchanges
    kinds = (
        ("errors", "failed", progress.failed_requests, progress.requests),
        (
            "sessions failed",
            "sessions failed",
            exchanges.ws_sessions_failed,
            exchanges.ws_sessions,
        ),
        ("messages lost", "messages lost", exchanges.ws_msgs_lost, exchanges.ws_msgs_sent),
        ("tasks failed", "tasks failed", exchanges.tasks_failed, exchanges.tasks_ended),
    )
    failed = [kind for kind in kinds if kind[2]]
    if not failed:
        yield Cell("errors", "0", "0 failed")
    for label, words, count, so_far in failed:
        share = _share(count, so_far)
        yield Cell(label, f"{count:,} ({share})", f"{count:,} {words} ({share})", Mood.BAD)


def _share(failed: int, so_far: int) -> str:
    percent = failed / max(so_far, failed) * 100
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def _generator(progress: Progress) -> Cell:
    """How the generator is, and how many workers it has where one is missing or there are many."""
    word, mood = health_word(progress.health)
    alive = f"{progress.workers_alive}/{progress.workers} workers"
    if progress.workers_alive < progress.workers and mood is Mood.FINE:
        mood = Mood.STRAINED
    return Cell("generator", f"{word}, {alive}", f"{alive}, generator {word}", mood)


def health_word(health: GeneratorHealth) -> tuple[str, Mood]:
    """The gravest of what is to be said of the generator, in a few words."""
    if health.throttled_share >= THROTTLED_OF_NOTE:
        return f"held back by its CPU limit {health.throttled_share:.0%}", Mood.BAD
    if health.loop_lag_ms >= LAG_OF_NOTE_MS:
        return f"{health.loop_lag_ms:.0f} ms late", Mood.BAD
    if (health.start_lag_p99_ms or 0.0) >= START_LAG_OF_NOTE_MS:
        return f"begins {health.start_lag_p99_ms:.0f} ms late", Mood.BAD
    if health.cpu_wait_share >= CPU_WAIT_OF_NOTE:
        return f"waits for a CPU {health.cpu_wait_share:.0%}", Mood.STRAINED
    if health.loop_cpu_share >= CPU_OF_NOTE:
        return f"at {health.loop_cpu_share:.0%} of a core", Mood.STRAINED
    return "ok", Mood.FINE


def plain_line(progress: Progress) -> str:
    """`steady until 50s, 12s of 1m00s, 48s left, 38/150 VUs, …`: a reading for a log."""
    parts = [phase_text(progress), *times(progress)]
    return ", ".join([*parts, *(cell.plain for cell in cells(progress))])


def phase_text(progress: Progress) -> str:
    """`steady until 50s`: the phase of the load where the run is under way; else of the run."""
    if not progress.load_phases:
        return progress.phase.value
    phases = " + ".join(progress.load_phases)
    left_s = progress.phase_left_s
    ends_s = None if left_s is None else progress.elapsed_s + left_s
    if ends_s is None or ends_s >= progress.planned_s:
        return phases  # what is left of the run is left of it
    return f"{phases} until {clock(round(ends_s))}"


def times(progress: Progress) -> Sequence[str]:
    """How long it has run, of how long, and how much is left as long as the load goes on."""
    elapsed, planned = clock(progress.elapsed_s), clock(progress.planned_s)
    if progress.elapsed_s > progress.planned_s:
        return (f"{elapsed} (planned {planned})",)
    if progress.phase not in LOAD_TO_COME:
        return (f"{elapsed} of {planned}",)
    left_s = int(progress.planned_s) - int(progress.elapsed_s)  # as the two are written
    return (f"{elapsed} of {planned}", f"{clock(max(0, left_s))} left")


def clock(seconds: float) -> str:
    """`48s`, `1m05s`, `2h03m04s`: whole seconds, rounded down."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m{rest:02d}s"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def _rate(per_s: float) -> str:
    return f"{per_s:,.0f}" if per_s >= 1_000 else f"{per_s:.1f}"


def _milliseconds(value_ms: float) -> str:
    return f"{value_ms:.0f} ms" if value_ms >= 100 else f"{value_ms:.1f} ms"
