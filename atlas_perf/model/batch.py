"""What a worker tells the coordinator once a second: one closed interval, numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from atlas_perf.model.metric import Metric
from atlas_perf.model.request_sample import RequestSample
from atlas_perf.model.series import Series
from atlas_perf.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where every iteration of one scenario went, on one worker, since the run began.

    At the end scheduled = started + dropped; always started = completed + failed + interrupted +
    in_flight. If the plan fixes the iterations, `scheduled` is the worker's share from the start.
    """

    scheduled: int = 0
    started: int = 0
    dropped: int = 0
    completed: int = 0
    failed: int = 0
    interrupted: int = 0

    @property
    def in_flight(self) -> int:
        return self.started - self.completed - self.failed - self.interrupted

    @property
    def balanced(self) -> bool:
        """True once every iteration is accounted for; only then is a finished run complete."""
        return self.scheduled == self.started + self.dropped and self.in_flight == 0

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            scheduled=self.scheduled + other.scheduled,
            started=self.started + other.started,
            dropped=self.dropped + other.dropped,
            completed=self.completed + other.completed,
            failed=self.failed + other.failed,
            interrupted=self.interrupted + other.interrupted,
        )


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """The generator's testimony about itself over one interval."""

    loop_lag_max_ns: int = 0  # longest the event loop kept a due callback waiting
    cpu_ns: int = 0  # user and system time this process used in the interval
    rss_bytes: int = 0
    dropped_samples: int = 0  # single samples there was no room to keep; all totals have them
    refused_samples: int = 0  # NaN, infinite or negative values, counted and not recorded
    overflowed_samples: int = 0  # samples that went to the `(other)` series
    length_ns: int = 0  # what this testimony covers: about a second, more after a wait
    loop_cpu_ns: int = 0  # of `cpu_ns`, what the thread that runs the event loop used
    cpu_wait_ns: int = 0  # that thread was ready to run and waited for a CPU
    steal_ns: int = 0  # the hypervisor gave this time of all CPUs of the machine to others
    own_lag_ns: int = 0  # sum of `own_lags`
    own_lags: int = 0  # lags of 20 ms or more, made here, while requests were under way
    gc_pause_max_ns: int = 0
    gc_pause_ns: int = 0  # all pauses together
    gc_full_collections: int = 0  # of the oldest generation, which walk every object
    open_files: int = 0  # descriptors at the interval's end: sockets, pipes and files
    time_wait: int = 0  # connections of the machine in TIME_WAIT at the interval's end
    throttled_ns: int = 0  # the CPU limit of a control group held some thread of it back


class StallCause(StrEnum):
    """Why an event loop stood still."""

    BLOCKING = "blocking"  # one call: the stack says which
    BUSY = "busy"  # more work than the loop can do, from many places
    GC = "gc"  # garbage collection
    CPU_WAIT = "cpu_wait"  # ready to run, and no CPU was free
    STOPPED = "stopped"  # the process did not run: stopped or suspended
    HELD = "held"  # its thread worked, and held the interpreter so that nobody could look
    OTHER = "other"  # further places than are told apart


@dataclass(frozen=True, slots=True)
class Stall:
    """Standstills of one worker's event loop at one place, since the run began."""

    cause: StallCause
    file: str  # "" where no place is known
    line: int
    code: str  # the text of that line
    count: int
    total_ns: int
    longest_ns: int
    stack: str  # of the first, from the user's code on


NEVER_AWAITED = "NeverAwaited"
"""The kind of what a scenario made and never ran: no exception of its own, and as wrong as one."""


@dataclass(frozen=True, slots=True)
class ScenarioException:
    """An exception in a scenario, as often as `count` says.

    Iterations ended with it, but for those of background tasks and awaits that were forgotten.
    """

    scenario: str
    kind: str  # ZeroDivisionError
    message: str
    file: str
    line: int
    count: int
    traceback: str


@dataclass(frozen=True, slots=True)
class NewSeries:
    """The worker's number for a series, sent once, in the first batch that uses it."""

    number: int
    metric: Metric
    series: Series


@dataclass(frozen=True, slots=True)
class CounterDelta:
    number: int
    samples: int
    total: float


@dataclass(frozen=True, slots=True)
class RateDelta:
    number: int
    passes: int
    samples: int


@dataclass(frozen=True, slots=True)
class GaugeDelta:
    number: int
    samples: int
    last: float
    last_at_ns: int  # since the run's start
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class TrendDelta:
    """One sketch of one interval; `sketch` is `Sketch.to_bytes()`, exact fields included."""

    number: int
    sketch: bytes


Delta = CounterDelta | RateDelta | GaugeDelta | TrendDelta


@dataclass(frozen=True, slots=True)
class Batch:
    """One worker's closed interval. `sequence` rises by one; a repeat must change nothing."""

    worker: int
    sequence: int
    interval: int  # whole seconds since the run's start: interval s covers [s, s+1)
    new_series: tuple[NewSeries, ...] = ()
    deltas: tuple[Delta, ...] = ()
    ledger: Mapping[str, Ledger] = field(default_factory=dict)  # by scenario, cumulative
    health: WorkerHealth = field(default_factory=WorkerHealth)
    exceptions: tuple[ScenarioException, ...] = ()  # cumulative counts, first kinds seen
    stalls: tuple[Stall, ...] = ()  # cumulative, first places seen
    samples: bytes = b""  # packed (series number, ns since start, value); see `wire.samples`
    last: bool = False  # nothing follows from this worker
    requests: tuple[RequestSample, ...] = ()  # some failures of this interval, and its slowest
    ended_at_ns: int = 0  # in the last batch: when its last iteration ended, since the run's start
    # When it was opened and closed, since the run's start; both 0: as its interval. It covers more
    # than that where the worker was late, or could not send an earlier one.
    from_ns: int = 0
    until_ns: int = 0

    @property
    def covers_ns(self) -> tuple[int, int]:
        """The time in which its samples were taken."""
        if self.until_ns:
            return self.from_ns, self.until_ns
        return self.interval * NS_PER_S, (self.interval + 1) * NS_PER_S
