"""Running one iteration, and accounting for it: the ledger, its samples, its exception.

Compiled because it surrounds every iteration: a scenario of one request is two thirds this.
"""

from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint32_t

from atlas_perf.protocols.http.csending cimport (
    PYGEN_ERROR,
    PYGEN_NEXT,
    PYGEN_RETURN,
    PyIter_Send,
    PySendResult,
    PyTypeObject,
    sendfunc,
)
from atlas_perf.protocols.http.repetition cimport Permit
from atlas_perf.protocols.http.sinks cimport SampleSink
from atlas_perf.worker.user_samples cimport UserSamples

import asyncio
import types

from atlas_perf.clock import now_ns
from atlas_perf.model.batch import Ledger
from atlas_perf.model.metric import BUILTIN_METRICS, HTTP_RESPONSE_TIME
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import UNKNOWN_OUTCOME, tags_of
from atlas_perf.protocols.http.http_call import HttpCall
from atlas_perf.protocols.http.repetition import repeat
from atlas_perf.scripting.context import current_user
from atlas_perf.worker.deadlines import sleep_until
from atlas_perf.worker.interruption import is_interrupted

_ITERATIONS = BUILTIN_METRICS["iterations"]
_ITERATION_DURATION = BUILTIN_METRICS["iteration_duration"]
_ITERATION_FAILED = BUILTIN_METRICS["iteration_failed"]
_ITERATION_LAG = BUILTIN_METRICS["iteration_lag"]
_ITERATION_WAIT = BUILTIN_METRICS["iteration_wait"]
_RESPONSE_TIME = BUILTIN_METRICS[HTTP_RESPONSE_TIME]
_DROPPED_ITERATIONS = BUILTIN_METRICS["dropped_iterations"]

cdef enum:
    NEVER = -1
    REMEMBERED_SERIES = 1024

cdef object set_current_user = current_user.set
cdef object CoroutineType = types.CoroutineType


cdef class IterationRunner:
    """Runs iterations of one scenario on this worker. Every executor uses it, whatever it paces.

    An iteration is of the phase that it begins in, or was due in, and so are all of its samples,
    however long it takes. `phases` are the scenario's where samples tell them apart, else none;
    they count from `begin_at`.
    """

    cdef object _scenario
    cdef object _function
    cdef object _recorder
    cdef object _exceptions
    cdef object _tags
    cdef object _clock
    cdef int64_t _min_duration_ns
    cdef int64_t _repeat_until_ns
    cdef object _scheduled  # None: whatever is started was scheduled
    cdef int64_t _started
    cdef int64_t _dropped
    cdef int64_t _completed
    cdef int64_t _failed
    cdef int64_t _interrupted
    cdef dict _numbers
    cdef dict _own_numbers  # of series without a user's tags, by metric, phase and own tags
    cdef object _last_arrived  # a user
    cdef bint _asks  # iterations make requests
    cdef int64_t _last_end_ns
    cdef tuple _phases
    cdef int64_t _t0_ns
    cdef str _phase  # from here
    cdef int64_t _phase_begin_ns
    cdef int64_t _phase_end_ns  # to before here
    cdef str _phase_counted  # for which it was said that no iteration was dropped so far
    cdef int64_t _due_ns  # when the iteration that begins next was due; NEVER: when it begins

    def __init__(
        self,
        scenario,
        function,
        *,
        recorder,
        exceptions,
        tags,
        min_duration_ns=0,
        phases=(),
        clock=now_ns,
    ):
        self._scenario = scenario
        self._function = function
        self._recorder = recorder
        self._exceptions = exceptions
        self._tags = tags
        self._min_duration_ns = min_duration_ns
        self._clock = clock
        self._scheduled = None
        self._numbers = {}
        self._own_numbers = {}
        self._last_end_ns = NEVER
        self._phases = tuple(phases)
        self._phase_counted = ""
        self._due_ns = NEVER

    @property
    def last_end_ns(self):
        """When an iteration ended last, on the run's clock; None if none has."""
        return None if self._last_end_ns == NEVER else self._last_end_ns

    @property
    def ledger(self):
        """Where every iteration went, so far."""
        begun_or_dropped = self._started + self._dropped
        return Ledger(
            scheduled=begun_or_dropped if self._scheduled is None else self._scheduled,
            started=self._started,
            dropped=self._dropped,
            completed=self._completed,
            failed=self._failed,
            interrupted=self._interrupted,
        )

    def begin_at(self, t0_ns):
        """Say when the run begins, before the first iteration does."""
        self._t0_ns = t0_ns

    def run(self, user):
        """Run one iteration to its end; an exception of the scenario's ends it as failed.

        Returns True if no rest is owed: others could run meanwhile, and iterations have no
        shortest duration.

        Raises:
            asyncio.CancelledError: the executor interrupted it; nothing is recorded of it but its
                age, and the samples it took itself.
        """
        cdef RunningIteration running = RunningIteration.__new__(RunningIteration)
        running.runner = self
        running.user = user
        return running

    def arrived(self, user, int64_t lag_ns, int64_t waited_ns, int64_t at_ns):
        """Account for how late an iteration of the open model begins, just before it does.

        Args:
            lag_ns: the generator's own lateness.
            waited_ns: how long the arrival waited since every user was busy.
        """
        cdef int64_t due_ns = at_ns - lag_ns - waited_ns
        self._due_ns = due_ns
        self._add(self._own_number(_ITERATION_LAG, due_ns), lag_ns, at_ns)
        if waited_ns:
            self._add(self._own_number(_ITERATION_WAIT, due_ns), waited_ns, at_ns)
        self._note_requests()
        self._last_arrived = user
        user.arrives_late(lag_ns + waited_ns)

    def never_begun(self, ages_ns, int64_t at_ns):
        """Account for arrivals that were due, waited, and were not begun before their time was up.

        Their first requests would have had a response time of more than these ages: they are
        censored. Scenarios that make no requests have none.
        """
        self._note_requests()
        if not self._asks or not ages_ns:
            return
        tags = tags_of({**dict(self._tags), "expected_response": UNKNOWN_OUTCOME})
        for age_ns in ages_ns:
            self._add(self._own_number(_RESPONSE_TIME, at_ns - age_ns, tags), age_ns, at_ns)

    cdef int _note_requests(self) except -1:
        """A request takes the lateness of its iteration away from its user's client."""
        if not self._asks and self._last_arrived is not None:
            self._asks = self._last_arrived.http.late_ns == 0
        return 0

    async def rest(self, began_ns):
        """Wait out the plan's shortest iteration, outside of the iteration and its duration.

        Without one this still lets every other user run: iterations that fail at once, or never
        await anything, must not keep the loop to themselves.
        """
        await sleep_until(began_ns + self._min_duration_ns, self._clock)

    def schedule(self, iterations):
        """Say before the first iteration how many there will be, if the plan says it.

        What is started and dropped must add up to them, or the ledger does not balance.
        """
        self._scheduled = iterations

    def withdraw(self, iterations):
        """Take back iterations that were scheduled, since the run is stopped before them."""
        if self._scheduled is not None:
            self._scheduled -= iterations

    def repeat_until(self, end_ns):
        """Let iterations that are `repeated` follow each other unasked before this instant."""
        self._repeat_until_ns = end_ns

    def drop(self, iterations, due_ns=None):
        """Account for iterations that were due, just now unless it is said, and will never start."""
        cdef int64_t at_ns
        if iterations:
            self._dropped += iterations
            at_ns = self._clock()
            number = self._own_number(_DROPPED_ITERATIONS, at_ns if due_ns is None else due_ns)
            self._add(number, iterations, at_ns)

    cdef object _own_number(self, metric, int64_t due_ns, tuple tags=None):
        """Of the scenario's series of a metric, in the phase in which an iteration was due."""
        cdef str phase = self._phase_at(due_ns)
        number = self._own_numbers.get((metric, phase, tags))
        if number is None:
            of_phase = tags or self._tags
            if phase is not None:
                of_phase = tags_of({**dict(of_phase), PHASE_TAG: phase})
            number = self._recorder.series(metric, of_phase)
            self._own_numbers[metric, phase, tags] = number
        return number

    cdef int _enter_phase(self, RunningIteration running) except -1:
        cdef int64_t begins_ns = running.began_ns if self._due_ns == NEVER else self._due_ns
        self._due_ns = NEVER
        (<UserSamples?>running.user).enter_phase(self._phase_at(begins_ns))
        running.phase_end_ns = self._phase_end_ns
        return 0

    cdef int _count_none_dropped(self, int64_t at_ns) except -1:
        """In this phase so far. That is a sample, or a criterion would have nothing to judge."""
        self._phase_counted = self._phase
        self._add(self._own_number(_DROPPED_ITERATIONS, self._phase_begin_ns), 0, at_ns)
        return 0

    cdef str _phase_at(self, int64_t at_ns):
        """The phase at an instant; before the first it is the first, after the last the last."""
        if self._phases and not self._phase_begin_ns <= at_ns < self._phase_end_ns:
            self._find_phase(at_ns)
        return self._phase

    cdef int _find_phase(self, int64_t at_ns) except -1:
        self._phase_begin_ns = INT64_MIN
        for span in self._phases:
            self._phase = str(span.phase.value)
            self._phase_end_ns = self._t0_ns + span.end_ns
            if at_ns < self._phase_end_ns:
                return 0
            self._phase_begin_ns = self._phase_end_ns
        self._phase_begin_ns = self._t0_ns + self._phases[-1].begin_ns
        self._phase_end_ns = INT64_MAX
        return 0

    cdef int _record(self, user, int64_t began_ns, bint failed) except -1:
        cdef int64_t at_ns = self._last_end_ns
        cdef tuple numbers = self._numbers_of(user.sample_tags())
        self._add(numbers[0], 1, at_ns)
        self._add(numbers[1], at_ns - began_ns, at_ns)
        self._add(numbers[2], failed, at_ns)
        return 0

    cdef int _account_for_cut(self, user, int64_t began_ns) except -1:
        """Of an iteration that was interrupted: it would have taken longer than its age when it was
        cut off. One that ended itself, for want of a row, was cut off by nobody and has no age."""
        cdef int64_t cut_at_ns = user.cut_at_ns
        self._interrupted += 1
        if 0 < cut_at_ns >= began_ns:
            tags = tags_of({**dict(user.sample_tags()), "expected_response": UNKNOWN_OUTCOME})
            number = self._recorder.series(_ITERATION_DURATION, tags)
            self._add(number, cut_at_ns - began_ns, self._last_end_ns)
        return 0

    cdef tuple _numbers_of(self, tuple tags):
        """Of the three series of an iteration."""
        cdef tuple numbers = self._numbers.get(tags)
        if numbers is None:
            series = self._recorder.series
            numbers = (
                series(_ITERATIONS, tags),
                series(_ITERATION_DURATION, tags),
                series(_ITERATION_FAILED, tags),
            )
            if len(self._numbers) >= REMEMBERED_SERIES:
                self._numbers.clear()
            self._numbers[tags] = numbers
        return numbers

    cdef int _add(self, uint32_t number, int64_t value, int64_t at_ns) except -1:
        if isinstance(self._recorder, SampleSink):
            (<SampleSink>self._recorder).take_sample(number, value, at_ns)
        else:
            self._recorder.add(number, value, at_ns)
        return 0


cdef class RunningIteration(Permit):
    """One iteration, to be awaited once: a coroutine around the scenario's own.

    If all that the scenario's coroutine does is a request, it may be suspended for many of them:
    each is then an iteration, counted and recorded like any other.
    """

    cdef IterationRunner runner
    cdef object user
    cdef object coroutine
    cdef int64_t began_ns
    cdef int64_t phase_end_ns
    cdef int cuts
    cdef bint suspended
    cdef tuple numbers
    cdef int64_t repetitions

    cdef int _begin(self) except -1:
        cdef IterationRunner runner = self.runner
        runner._started += 1
        set_current_user(self.user)
        self.cuts = _cuts()
        self.began_ns = runner._clock()
        if runner._phases:
            runner._enter_phase(self)
        else:
            self.phase_end_ns = INT64_MAX
        if runner._scheduled is not None and runner._phase is not runner._phase_counted:
            runner._count_none_dropped(self.began_ns)
        self.user.begin_iteration()
        if runner._repeat_until_ns and not runner._min_duration_ns:
            self.user.permit = self
        awaitable = runner._function(self.user, self.user.data)
        self.coroutine = (
            awaitable if type(awaitable) is CoroutineType else awaitable.__await__()
        )
        return 0

    def repeated(self, call):
        """The same call, if it is all that this iteration does: `await permit.repeated(call)`.

        While the executor would let this user begin another iteration at once, the request is sent
        again without a task's turn. Each request is an iteration of its own all the same.
        """
        if type(call) is HttpCall and self.user.http.is_repeatable:
            repeat(call, self)
        return call

    cdef bint another(self, int64_t now_ns) except -1:
        cdef IterationRunner runner = self.runner
        if now_ns >= runner._repeat_until_ns or now_ns >= self.phase_end_ns:
            return False
        if self.numbers is None:
            self.numbers = runner._numbers_of(self.user.sample_tags())
        runner._add(self.numbers[0], 1, now_ns)
        runner._add(self.numbers[1], now_ns - self.began_ns, now_ns)
        runner._add(self.numbers[2], False, now_ns)
        runner._last_end_ns = now_ns
        runner._completed += 1
        runner._started += 1
        self.repetitions += 1
        self.began_ns = now_ns
        return True

    cdef int _count_repeated(self) except -1:
        if self.repetitions:
            self.user.iteration += self.repetitions
            self.repetitions = 0
        return 0

    cdef object _completed(self):
        cdef IterationRunner runner = self.runner
        self._count_repeated()
        runner._last_end_ns = runner._clock()
        if is_interrupted():
            runner._account_for_cut(self.user, self.began_ns)
            raise asyncio.CancelledError  # the scenario kept it to itself
        runner._completed += 1
        runner._record(self.user, self.began_ns, False)
        return self.suspended and runner._min_duration_ns == 0

    cdef object _failed(self, error):
        """Account for an exception; an interruption of ours goes on."""
        cdef IterationRunner runner = self.runner
        self._count_repeated()
        runner._last_end_ns = runner._clock()
        canceled = isinstance(error, asyncio.CancelledError)
        if is_interrupted() or (canceled and _cuts() > self.cuts):
            runner._account_for_cut(self.user, self.began_ns)
            if canceled:
                raise error
            raise asyncio.CancelledError from error  # whatever the scenario made of it
        runner._failed += 1
        runner._exceptions.record(runner._scenario, error)
        runner._record(self.user, self.began_ns, True)
        return self.suspended and runner._min_duration_ns == 0

    # A coroutine, as the interpreter and asyncio know it

    def __await__(self):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        return self.send(None)

    def send(self, value):
        cdef PyObject *result = NULL
        cdef PySendResult what = send_to_iteration(self, value, &result)
        taken = <object>result
        Py_DECREF(taken)
        if what == PYGEN_NEXT:
            return taken
        raise StopIteration(taken)

    def throw(self, kind, value=None, traceback=None):
        try:
            if self.coroutine is None:
                raise kind if value is None else value
            return self.coroutine.throw(kind if value is None else value)
        except StopIteration:
            ended = self._completed()
        except BaseException as error:
            if self.coroutine is None:
                raise
            ended = self._failed(error)
        raise StopIteration(ended)

    def close(self):
        if self.coroutine is not None:
            self.coroutine.close()


cdef PySendResult send_to_iteration(
    RunningIteration running, object value, PyObject **result
) except PYGEN_ERROR:
    cdef PySendResult what
    cdef object ended
    try:
        if running.coroutine is None:
            running._begin()
        what = PyIter_Send(running.coroutine, value, result)
    except BaseException as error:
        ended = running._failed(error)
    else:
        if what == PYGEN_NEXT:
            running.suspended = True
            return PYGEN_NEXT
        Py_DECREF(<object>result[0])
        result[0] = NULL  # as the protocol has it, should this raise
        ended = running._completed()
    Py_INCREF(ended)
    result[0] = <PyObject *>ended
    return PYGEN_RETURN


cdef int _cuts() except -1:
    """How often this task was cancelled from outside, unlike something that a scenario has
    cancelled itself and awaits."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


(<PyTypeObject *>RunningIteration).tp_as_async.am_send = <sendfunc><void *>send_to_iteration
