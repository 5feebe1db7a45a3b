"""What coordinator and worker tell each other beside batches, and its bytes.

    coordinator → worker                       worker → coordinator
      Prepare      load the scenario file        Ready | Refused
      RunSetup     (one worker)                  SetupReturned | SetupFailed
      Arm          here is setup's data          Armed
      Start        the run begins at T0          batches; the one marked `last` ends the load
      StopLoad     begin no more iterations      Refused, too, at what only the load could show
      RunTeardown  (one worker)                  TeardownEnded
      Dismiss      exit

    rows of unique feeds, from Arm to Dismiss:
      RowsLeased | NoRows                        AskRows
      RecallRows   hand back what you can        RowsReturned

A worker may say `Crashed` at any time: that is a bug of ours. The end of either pipe is a message
too: the other side is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, get_type_hints

import msgpack

from atlas_perf.model.batch import ScenarioException
from atlas_perf.model.plan import TestPlan
from atlas_perf.wire.errors import WireError
from atlas_perf.wire.plan_codec import plan_from_plain, plan_to_plain

_ANY_NAME = "surrogatepass"  # a path that the locale cannot read is still a path


@dataclass(frozen=True, slots=True)
class Prepare:
    """Load the plan's scenario file and make your share of the virtual users."""

    plan: TestPlan
    worker: int
    workers: int


@dataclass(frozen=True, slots=True)
class RunSetup:
    """Run the scenario's `setup` and hand back what it returns."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Give every virtual user setup's return value (`wire.plain_data`), and stand by."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Start:
    """The run begins at this reading of CLOCK_MONOTONIC, usually a moment ahead."""

    t0_ns: int


@dataclass(frozen=True, slots=True)
class StopLoad:
    """Begin no more iterations. Those running may finish within their gracefulStop if `graceful`,
    and are interrupted now if not."""

    graceful: bool


@dataclass(frozen=True, slots=True)
class RunTeardown:
    """Run the scenario's `teardown` with setup's data."""


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Everything is told: exit."""


@dataclass(frozen=True, slots=True)
class RowsLeased:
    """Rows [first, first + count) of this feed are yours."""

    feed: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class NoRows:
    """Nothing to lease now; if `final`, nobody in the run has a row left."""

    feed: int
    final: bool


@dataclass(frozen=True, slots=True)
class RecallRows:
    """Others wait for rows of this feed: hand back what no user of yours has."""

    feed: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The scenario file is loaded."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The scenario file cannot be used. The user's to mend."""

    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class SetupReturned:
    data: bytes


@dataclass(frozen=True, slots=True)
class SetupFailed:
    """`setup` raised, timed out, or returned what cannot be handed over."""

    message: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Armed:
    """The virtual users hold the data; only T0 is missing."""


@dataclass(frozen=True, slots=True)
class TeardownEnded:
    """`teardown` returned, or raised or timed out; everything was measured before."""

    failure: ScenarioException | None
    strays: tuple[ScenarioException, ...] = ()  # of tasks that nobody awaited, forgotten awaits
    forgotten: int = 0  # awaits


@dataclass(frozen=True, slots=True)
class AskRows:
    """More rows of this feed, please; so many users have none and wait (0: ahead of need)."""

    feed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class RowsReturned:
    """No user has had these rows, nor will one of this worker's; none at all if `count` is 0."""

    feed: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Crashed:
    """The worker met a bug of ours; the traceback is for its report."""

    traceback: str


RowsToWorker = RowsLeased | NoRows | RecallRows
RowsToCoordinator = AskRows | RowsReturned
Answer = Ready | Refused | SetupReturned | SetupFailed | Armed | TeardownEnded | Crashed
ToWorker = Prepare | RunSetup | Arm | Start | StopLoad | RunTeardown | Dismiss | RowsToWorker
ToCoordinator = Answer | RowsToCoordinator
ControlMessage = ToWorker | ToCoordinator

_MESSAGES: dict[str, type[Any]] = {
    message.__name__: message for message in (*ToWorker.__args__, *ToCoordinator.__args__)
}
_TYPES: dict[str, dict[str, Any]] = {
    name: get_type_hints(message) for name, message in _MESSAGES.items()
}
_EXCEPTION_TYPES = get_type_hints(ScenarioException)


def encode_control(message: ControlMessage) -> bytes:
    """The payload of a control frame."""
    name = type(message).__name__
    plain = {field.name: _to_plain(getattr(message, field.name)) for field in fields(message)}
    packed: bytes = msgpack.packb([name, plain], use_bin_type=True, unicode_errors=_ANY_NAME)
    return packed


def decode_control(payload: bytes) -> ControlMessage:
    """Read what `encode_control` wrote.

    Raises:
        WireError: the payload is not exactly one known message with fields of the right types.
    """
    try:
        unpacked = msgpack.unpackb(
            payload, raw=False, strict_map_key=True, unicode_errors=_ANY_NAME
        )
    except (msgpack.UnpackException, ValueError) as error:
        raise WireError(f"malformed control message: {error}") from None
    match unpacked:
        case [str(name), dict(plain)] if name in _MESSAGES:
            values = _typed(name, plain, _TYPES[name])
            message: ControlMessage = _MESSAGES[name](**values)
            return message
        case _:
            raise WireError("malformed control message: not a known [name, fields] pair")


def _to_plain(value: object) -> object:
    match value:
        case TestPlan():
            return plan_to_plain(value)
        case ScenarioException():
            return {field.name: getattr(value, field.name) for field in fields(value)}
        case tuple():
            return [_to_plain(item) for item in value]
        case _:
            return value


def _typed(name: str, plain: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    if plain.keys() != types.keys():
        raise WireError(f"control message {name} has the fields {sorted(plain)}")
    return {field: _value(name, field, plain[field], types[field]) for field in types}


def _value(name: str, field: str, value: Any, expected: Any) -> Any:
    if expected is TestPlan:
        return plan_from_plain(value)
    if expected in (ScenarioException, ScenarioException | None) and isinstance(value, dict):
        return ScenarioException(**_typed(name, value, _EXCEPTION_TYPES))
    if expected == tuple[ScenarioException, ...] and isinstance(value, list):
        return tuple(_value(name, field, item, ScenarioException) for item in value)
    if expected == tuple[ScenarioException, ...]:
        expected = list
    # A bool is an int to Python and never one to us.
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise WireError(f"control message {name}: {field} is a {type(value).__name__}")
    return value
