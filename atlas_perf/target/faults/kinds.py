"""Every kind of fault: how it is written, what it may strike, how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from atlas_perf.target.faults.amounts import (
    MOST_DELAY_S,
    read_delay,
    read_growth,
    read_rate,
    read_share,
    read_size_bytes,
    read_time_s,
    read_whole,
)
from atlas_perf.target.faults.answer_faults import MANNERS, Malformed, ResetMidBody, SlowBody
from atlas_perf.target.faults.fault import Aim, Fault, Window
from atlas_perf.target.faults.grammar import FaultSpec, FaultSpecError, take_apart
from atlas_perf.target.faults.life_faults import Fail, Longer, NeverEnd
from atlas_perf.target.faults.message_faults import Cut, Drop, Duplicate, Late, Reorder
from atlas_perf.target.faults.operations import Scope, matching
from atlas_perf.target.faults.outages import MOST_STALL_S, Refuse, Stall
from atlas_perf.target.faults.request_faults import (
    Ceiling,
    Close,
    Creep,
    Error,
    Hang,
    Latency,
    Leak,
    Reset,
)

Value = TypeVar("Value")

STATUSES = range(400, 600)
CLOSE_CODES = range(1000, 5000)
CREEP_MOST_S = 30.0
LEAK_MOST_BYTES = 64_000_000

_WHEN = frozenset({"after", "for"})
_STRIKES = _WHEN | {"share"}


@dataclass(frozen=True, slots=True)
class Order:
    """A fault as its kind's maker gets it: the common part read, the rest as written."""

    spec: FaultSpec
    aim: Aim

    def argument(self, read: Callable[[str], Value]) -> Value:
        """The argument, which this kind needs."""
        if self.spec.argument is None:
            raise ValueError(f"it needs an argument: write {KINDS[self.spec.kind].form}")
        return read(self.spec.argument)

    def argument_or(self, default: Value, read: Callable[[str], Value]) -> Value:
        return default if self.spec.argument is None else read(self.spec.argument)

    def option(self, name: str, default: Value, read: Callable[[str], Value]) -> Value:
        text = self.spec.options.get(name)
        return default if text is None else read(text)

    def word(self, text: str, allowed: tuple[str, ...]) -> str:
        if text not in allowed:
            raise ValueError(f"{text!r} is none of {', '.join(allowed)}")
        return text

    def no_argument(self) -> None:
        if self.spec.argument is not None:
            raise ValueError(f"it takes no argument: write {KINDS[self.spec.kind].form}")


@dataclass(frozen=True, slots=True)
class Kind:
    """`form` shows how it is written, `meaning` what it does; both are for people."""

    form: str
    meaning: str
    scope: Scope
    make: Callable[[Order], Fault]
    options: frozenset[str] = _STRIKES


def make_fault(text: str) -> Fault:
    """Read one fault.

    Raises:
        FaultSpecError: it cannot be read, or asks for what its kind does not do.
    """
    spec = take_apart(text)
    kind = KINDS.get(spec.kind)
    if kind is None:
        raise FaultSpecError(
            f"fault {text!r}: there is no kind {spec.kind!r}; there are {', '.join(KINDS)}"
        )
    try:
        foreign = sorted(set(spec.options) - kind.options)
        if foreign:
            allowed = ", ".join(f"{name}=" for name in sorted(kind.options))
            raise ValueError(f"{foreign[0]}= has no meaning for {spec.kind}: it takes {allowed}")
        return kind.make(Order(spec, _aim(spec, kind)))
    except ValueError as error:
        raise FaultSpecError(f"fault {text!r}: {error}") from error


def check_fault(text: str) -> str:
    """The fault as written, if it can be read.

    Raises:
        FaultSpecError: it cannot.
    """
    make_fault(text)
    return text


def _aim(spec: FaultSpec, kind: Kind) -> Aim:
    options = spec.options
    return Aim(
        text=spec.text,
        operations=matching(spec.operations, kind.scope),
        share=read_share(options["share"]) if "share" in options else 1.0,
        window=Window(
            after_s=read_time_s(options["after"]) if "after" in options else 0.0,
            for_s=read_time_s(options["for"]) if "for" in options else None,
        ),
    )


def _bare(make: Callable[[Aim], Fault]) -> Callable[[Order], Fault]:
    def made(order: Order) -> Fault:
        order.no_argument()
        return make(order.aim)

    return made


def _latency(order: Order) -> Fault:
    return Latency(order.aim, order.argument(read_delay))


def _error(order: Order) -> Fault:
    return Error(order.aim, order.argument(_read_status))


def _read_status(text: str) -> int:
    return read_whole(text, STATUSES.start, STATUSES.stop - 1, 503)


def _slow_body(order: Order) -> Fault:
    return SlowBody(order.aim, order.argument(read_delay))


def _malformed(order: Order) -> Fault:
    manner = order.argument(lambda text: order.word(text, tuple(MANNERS)))
    return Malformed(order.aim, manner)


def _ceiling(order: Order) -> Fault:
    over = order.option("over", "queue", lambda text: order.word(text, ("queue", "refuse")))
    return Ceiling(order.aim, order.argument(read_rate), refuses=over == "refuse")


def _creep(order: Order) -> Fault:
    most_s = order.option("most", CREEP_MOST_S, read_time_s)
    growth = order.argument(lambda text: read_growth(text, read_time_s, most_s))
    return Creep(order.aim, growth)


def _leak(order: Order) -> Fault:
    most_bytes = order.option("most", LEAK_MOST_BYTES, read_size_bytes)
    growth = order.argument(lambda text: read_growth(text, read_size_bytes, most_bytes))
    return Leak(order.aim, growth)


def _longer(order: Order) -> Fault:
    return Longer(order.aim, order.argument(read_delay))


def _disconnect(order: Order) -> Fault:
    return Cut(order.aim, order.argument_or(None, _read_close_code))


def _read_close_code(text: str) -> int | None:
    code = read_whole(text, CLOSE_CODES.start, CLOSE_CODES.stop - 1, 1011)
    if code in (1004, 1005, 1006, 1015):
        raise ValueError(f"{code} is never sent in a close frame: write another, such as 1011")
    return code


def _duplicate(order: Order) -> Fault:
    return Duplicate(order.aim, order.argument_or(1, lambda text: read_whole(text, 1, 100, 1)))


def _delay(order: Order) -> Fault:
    return Late(order.aim, order.argument(read_delay))


def _reorder(order: Order) -> Fault:
    return Reorder(order.aim, order.argument_or(1, lambda text: read_whole(text, 1, 100, 1)))


def _stall(order: Order) -> Fault:
    return Stall(order.aim, _time_within(order, MOST_STALL_S), _every_s(order))


def _refuse(order: Order) -> Fault:
    return Refuse(order.aim, _time_within(order, MOST_DELAY_S), _every_s(order), drop=False)


def _outage(order: Order) -> Fault:
    return Refuse(order.aim, _time_within(order, MOST_DELAY_S), _every_s(order), drop=True)


def _time_within(order: Order, most_s: float) -> float:
    time_s = order.argument(read_time_s)
    if time_s > most_s:
        raise ValueError(f"{order.spec.argument!r} is longer than the {most_s:g}s it may take")
    every_s = _every_s(order)
    if every_s is not None and every_s <= time_s:
        raise ValueError("every= must be longer than what happens")
    return time_s


def _every_s(order: Order) -> float | None:
    text = order.spec.options.get("every")
    return None if text is None else read_time_s(text)


_BY_THE_CLOCK = _WHEN | {"every"}
_GROWING = _STRIKES | {"most"}

KINDS: Mapping[str, Kind] = {
    "latency": Kind("latency:200ms", "adds time in front of it", Scope.REQUEST, _latency),
    "error": Kind("error:503", "answers with this status instead", Scope.REQUEST, _error),
    "hang": Kind("hang", "never answers", Scope.REQUEST, _bare(Hang)),
    "reset": Kind("reset", "resets the connection instead", Scope.REQUEST, _bare(Reset)),
    "reset-mid-body": Kind(
        "reset-mid-body",
        "resets the connection after half of the body",
        Scope.ANSWER,
        _bare(ResetMidBody),
    ),
    "close": Kind("close", "closes the connection without an answer", Scope.REQUEST, _bare(Close)),
    "slow-body": Kind(
        "slow-body:2s", "sends the body in pieces, over this time", Scope.ANSWER, _slow_body
    ),
    "malformed": Kind(
        f"malformed:{'|'.join(MANNERS)}", "breaks one rule of HTTP", Scope.ANSWER, _malformed
    ),
    "ceiling": Kind(
        "ceiling:100/s[,over=queue|refuse]",
        "lets so many requests a second through; the rest waits, or gets 503",
        Scope.REQUEST,
        _ceiling,
        _WHEN | {"over"},
    ),
    "creep": Kind(
        "creep:20ms/s or creep:1ms/request[,most=30s]",
        "adds time that grows",
        Scope.REQUEST,
        _creep,
        _GROWING,
    ),
    "leak": Kind(
        "leak:10kB/request or leak:1MB/s[,most=64MB]",
        "keeps memory that grows",
        Scope.REQUEST,
        _leak,
        _GROWING,
    ),
    "fail": Kind("fail", "lets runs and tasks end as failed", Scope.LIFE, _bare(Fail)),
    "longer": Kind("longer:2s", "lets them run for longer", Scope.LIFE, _longer),
    "never-end": Kind("never-end", "lets them run for ever", Scope.LIFE, _bare(NeverEnd)),
    "drop": Kind("drop", "does not send the message", Scope.MESSAGE, _bare(Drop)),
    "delay": Kind("delay:200ms", "sends it, and what follows, later", Scope.MESSAGE, _delay),
    "duplicate": Kind("duplicate or duplicate:2", "sends it again", Scope.MESSAGE, _duplicate),
    "reorder": Kind(
        "reorder or reorder:3", "lets the next ones overtake it", Scope.MESSAGE, _reorder
    ),
    "disconnect": Kind(
        "disconnect or disconnect:1011",
        "ends the connection in the message's place, abruptly or with this close code",
        Scope.MESSAGE,
        _disconnect,
    ),
    "stall": Kind(
        "stall:2s[,every=30s]", "the whole target stands still", Scope.TARGET, _stall, _BY_THE_CLOCK
    ),
    "refuse": Kind(
        "refuse:5s[,every=30s]",
        "new connections are refused",
        Scope.TARGET,
        _refuse,
        _BY_THE_CLOCK,
    ),
    "outage": Kind(
        "outage:5s[,every=30s]",
        "every connection is reset, and new ones are refused",
        Scope.TARGET,
        _outage,
        _BY_THE_CLOCK,
    ),
}
