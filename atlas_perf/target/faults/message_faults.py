"""Faults that strike single messages to one peer: dropped, late, twice, out of order, the last.

Pure: what is to be done with a message is said in data, and done by `message_delivery.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from atlas_perf.target.faults.amounts import Delay
from atlas_perf.target.faults.fault import Aim, Fault
from atlas_perf.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to send at an instant, which may be now."""

    at_ns: int
    message: bytes


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection: with a close code, or by a reset if there is none."""

    code: int | None


class MessageFault(Fault):
    """Those of the lowest `rank` come first."""

    rank: ClassVar[int]


class Cut(MessageFault):
    """The connection ends in the message's place."""

    rank = 0

    def __init__(self, aim: Aim, code: int | None) -> None:
        super().__init__(aim)
        self.end = Disconnect(code)


class Drop(MessageFault):
    """The message is never sent."""

    rank = 1


class Duplicate(MessageFault):
    """The message is sent so many times more."""

    rank = 2

    def __init__(self, aim: Aim, more: int) -> None:
        super().__init__(aim)
        self.more = more


class Late(MessageFault):
    """The message waits, and those behind it with it: a connection keeps its order."""

    rank = 3

    def __init__(self, aim: Aim, delay: Delay) -> None:
        super().__init__(aim)
        self._delay = delay

    def delay_ns(self, operation: str) -> int:
        return int(self._delay(self.random_of(operation)) * NS_PER_S)


class Reorder(MessageFault):
    """The message is overtaken by the next so many."""

    rank = 4

    def __init__(self, aim: Aim, by: int) -> None:
        super().__init__(aim)
        self.by = by


@dataclass(slots=True)
class _Held:
    to_pass: int
    messages: list[bytes]


class MessageFaults:
    """What becomes of the messages to one peer, one after another."""

    def __init__(self) -> None:
        self._free_ns = 0  # nothing is sent before this
        self._held: list[_Held] = []

    @property
    def holding(self) -> bool:
        """Whether a message waits to be overtaken."""
        return bool(self._held)

    def deliveries(
        self, faults: Sequence[MessageFault], operation: str, message: bytes, now_ns: int
    ) -> list[Delivery] | Disconnect:
        """What to do about the next message, in the order of sending.

        `faults` are in the order of their ranks. Messages held back come out with those that
        overtook them, and `release` lets go of the rest.
        """
        copies = [message]
        at_ns = max(now_ns, self._free_ns)
        overtaken_by = 0
        for fault in faults:
            if not fault.strikes(operation, now_ns):
                continue
            match fault:
                case Cut():
                    return fault.end
                case Drop():
                    return []
                case Duplicate():
                    copies += [message] * fault.more
                case Late():
                    at_ns = max(at_ns, now_ns + fault.delay_ns(operation))
                case Reorder():
                    overtaken_by = max(overtaken_by, fault.by)
        if overtaken_by:
            self._held.append(_Held(overtaken_by, copies))
            return []
        self._free_ns = at_ns
        return [Delivery(at_ns, copy) for copy in [*copies, *self._overtaken()]]

    def release(self, now_ns: int) -> list[Delivery]:
        """Everything that is held back: nobody came to overtake it."""
        at_ns = max(now_ns, self._free_ns)
        messages = [message for held in self._held for message in held.messages]
        self._held.clear()
        return [Delivery(at_ns, message) for message in messages]

    def _overtaken(self) -> list[bytes]:
        if not self._held:
            return []
        for held in self._held:
            held.to_pass -= 1
        done = [message for held in self._held if not held.to_pass for message in held.messages]
        self._held = [held for held in self._held if held.to_pass]
        return done
