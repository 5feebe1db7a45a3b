"""What happens to a run, and what it asks to be done: the two alphabets of its state machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.feed import FeedPlan
from atlas_perf.wire.control import (
    Answer,
    Armed,
    Crashed,
    Ready,
    Refused,
    SetupFailed,
    SetupReturned,
    TeardownEnded,
    ToWorker,
)

# Events: what happened.


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker has loaded the scenario file."""

    worker: int


@dataclass(frozen=True, slots=True)
class WorkerRefused:
    """The worker cannot use the scenario file."""

    worker: int
    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class SetupDone:
    """`setup` returned; its value, packed."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetupBroke:
    """`setup` raised, timed out, or returned what cannot be handed over."""

    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class WorkerArmed:
    """The worker's virtual users hold setup's data and wait for T0."""

    worker: int


@dataclass(frozen=True, slots=True)
class LoadEnded:
    """The worker's last iteration has ended and its last batch is merged."""

    worker: int


@dataclass(frozen=True, slots=True)
class TeardownDone:
    """`teardown` returned, or failed with this; see `TeardownEnded` for the others."""

    failure: ScenarioException | None
    strays: tuple[ScenarioException, ...] = ()
    forgotten: int = 0


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """The worker's process is gone, or what it sends makes no sense."""

    worker: int
    reason: str  # "killed by SIGKILL"


@dataclass(frozen=True, slots=True)
class WorkerCrashed:
    """The worker met a bug of ours."""

    worker: int
    traceback: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The user wants the run to stop."""

    all_offered: bool = False  # the plan's last iterations have begun: only their ends are missing


@dataclass(frozen=True, slots=True)
class ThresholdBreached:
    """A threshold with abortOnFail does not hold."""


@dataclass(frozen=True, slots=True)
class FeedRanOut:
    """A user asked for a row of a feed that has none left in the whole run."""

    feed: FeedPlan
    after_ns: int  # since T0


@dataclass(frozen=True, slots=True)
class CeilingBroken:
    """More requests were made in a second than may be."""

    requests: int
    second: int  # since T0


@dataclass(frozen=True, slots=True)
class TimeIsUp:
    """The limit set last has passed."""


Event = (
    WorkerReady
    | WorkerRefused
    | SetupDone
    | SetupBroke
    | WorkerArmed
    | LoadEnded
    | TeardownDone
    | WorkerLost
    | WorkerCrashed
    | StopAsked
    | ThresholdBreached
    | FeedRanOut
    | CeilingBroken
    | TimeIsUp
)


def event_of(worker: int, message: Answer) -> Event:
    """What it means for the run that a worker said this."""
    event: Event
    match message:
        case Ready():
            event = WorkerReady(worker)
        case Refused(text, file, line):
            event = WorkerRefused(worker, text, file, line)
        case SetupReturned(data):
            event = SetupDone(data)
        case SetupFailed(text, file, line):
            event = SetupBroke(text, file, line)
        case Armed():
            event = WorkerArmed(worker)
        case TeardownEnded(failure, strays, forgotten):
            event = TeardownDone(failure, strays, forgotten)
        case Crashed(traceback):
            event = WorkerCrashed(worker, traceback)
    return event


# Instructions: what is to be done about it.


@dataclass(frozen=True, slots=True)
class Tell:
    """Send the message to these workers."""

    workers: tuple[int, ...]
    message: ToWorker


@dataclass(frozen=True, slots=True)
class BeginLoad:
    """Choose T0 and start these workers."""

    workers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kill:
    """End the worker's process now."""

    worker: int


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Report `TimeIsUp` after this long, unless another limit is set before; None: no limit."""

    duration_ns: int | None


Instruction = Tell | BeginLoad | Kill | SetLimit
