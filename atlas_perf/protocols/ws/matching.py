"""The messages of one session that wait for an answer, each with its time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable

from atlas_perf import clock
from atlas_perf.model.series import Tags
from atlas_perf.protocols.ws.correlation import Arrival, Correlation
from atlas_perf.protocols.ws.correlation_keys import Correlate, Document, key_of
from atlas_perf.protocols.ws.inbox import Message
from atlas_perf.protocols.ws.recording import SessionLog
from atlas_perf.protocols.ws.reply import Reply
from atlas_perf.units import NS_PER_S

MOST_WAYS = 16
"""Ways to correlate that a session remembers. A function made anew for a message is a new one."""

_TIMER_GRAIN_S = 0.001  # of the loop's timers, which may fire early by as much


class Question:
    """A message that is to be answered."""

    __slots__ = ("answer", "late_ns", "limit_ns", "own", "sent_ns", "timer", "user")

    def __init__(self, user: Tags, own: Tags, limit_ns: int, late_ns: int) -> None:
        """`late_ns`: how long it was due before it was sent; ABSENT in the closed model."""
        self.user = user
        self.own = own
        self.limit_ns = limit_ns
        self.late_ns = late_ns
        self.sent_ns = 0
        self.answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.timer: asyncio.TimerHandle | None = None

    def settle(self, reply: Reply) -> None:
        """Tell whoever awaits it."""
        if self.timer is not None:
            self.timer.cancel()
        if not self.answer.done():
            self.answer.set_result(reply)


class Matching:
    """Finds the question to an answer, and ends those whose time is up.

    Every question has exactly one end, and that is recorded: answered, lost or censored.
    """

    __slots__ = ("_log", "_ways")

    def __init__(self, log: SessionLog) -> None:
        self._log = log
        self._ways: dict[Correlate, Correlation[Question]] = {}

    def ask(self, way: Correlate, key: Hashable, question: Question) -> None:
        """A message is about to be sent.

        Raises:
            ValueError: if one with this key is in flight.
        """
        correlation = self._ways.get(way)
        if correlation is None:
            self._make_room()
            correlation = self._ways[way] = Correlation()
        correlation.send(key, question)
        question.sent_ns = clock.now_ns()
        question.timer = asyncio.get_running_loop().call_later(
            question.limit_ns / NS_PER_S + _TIMER_GRAIN_S, self._time_is_up, way, key, question
        )

    def take(self, message: Message, user: Tags, at_ns: int) -> bool:
        """True if a message that came answers something, or has done so."""
        document = Document(message)
        for way, correlation in self._ways.items():
            try:
                key = key_of(document, way)
            except Exception as error:
                self._raised(correlation, error, at_ns)
                continue
            if key is not None and self._arrived(correlation, key, message, user, at_ns):
                return True
        return False

    def give_up(self, question: Question, *, censored: bool, at_ns: int) -> None:
        """Nobody awaits the answer any more."""
        for correlation in self._ways.values():
            if correlation.withdraw(question):
                self._end(question, "request canceled", censored, at_ns)
                return

    def end_all(self, error: str, *, censored: bool, at_ns: int) -> None:
        """No answer will come."""
        for correlation in self._ways.values():
            for question in correlation.withdraw_all():
                self._end(question, error, censored, at_ns)

    def _arrived(
        self,
        correlation: Correlation[Question],
        key: Hashable,
        message: Message,
        user: Tags,
        at_ns: int,
    ) -> bool:
        try:
            arrived = correlation.arrive(key)
        except TypeError:  # a key that a function made and that cannot be one
            return False
        question = arrived.waiting
        if question is None:
            if arrived.what is Arrival.DUPLICATE:
                self._log.came_again(user, at_ns)
            elif arrived.what is Arrival.LATE:
                self._log.came_late(user, at_ns)
            return arrived.what is not Arrival.UNKNOWN
        rtt_ns = at_ns - question.sent_ns
        if rtt_ns > question.limit_ns:  # the timer has its grain, and a busy loop more
            self._lose(correlation, key, question)
            self._log.came_late(user, at_ns)
            return True
        question.settle(Reply(message, rtt_ns, out_of_order=arrived.out_of_order))
        self._log.answered(
            question.user,
            question.own,
            rtt_ns,
            late_ns=question.late_ns,
            out_of_order=arrived.out_of_order,
            at_ns=at_ns,
        )
        return True

    def _time_is_up(self, way: Correlate, key: Hashable, question: Question) -> None:
        self._lose(self._ways[way], key, question)

    def _lose(self, correlation: Correlation[Question], key: Hashable, question: Question) -> None:
        correlation.lose(key)
        # At its limit, as a timeout is: how late the timer was is ours.
        at_ns = question.sent_ns + question.limit_ns
        self._end(question, "no answer in time", False, at_ns)

    def _raised(self, correlation: Correlation[Question], error: Exception, at_ns: int) -> None:
        """The scenario's function cannot read what came: those who gave it are told."""
        for question in correlation.withdraw_all():
            if not question.answer.done():
                question.answer.set_exception(error)
            self._end(question, f"correlate raised {type(error).__name__}", False, at_ns)

    def _end(self, question: Question, error: str, censored: bool, at_ns: int) -> None:
        age_ns = at_ns - question.sent_ns
        question.settle(Reply(None, age_ns, error))
        if censored:
            self._log.censored(
                question.user, question.own, age_ns, late_ns=question.late_ns, at_ns=at_ns
            )
        else:
            self._log.lost(
                question.user, question.own, error, age_ns, late_ns=question.late_ns, at_ns=at_ns
            )

    def _make_room(self) -> None:
        if len(self._ways) >= MOST_WAYS:
            idle = next((way for way, found in self._ways.items() if not len(found)), None)
            if idle is not None:
                del self._ways[idle]
