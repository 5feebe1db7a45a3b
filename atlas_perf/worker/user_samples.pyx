"""How a virtual user's samples find their series: checks, groups and custom metrics.

Compiled, because an iteration may record many samples for each request. What is said again and
again is looked up once: a set of tags becomes one `TagSet`, shared by all users that carry it, and
a set remembers the numbers of its series. Whether a user's tags are still those of its set is asked
for each sample, since scenario code may change them at any time.
"""

from cpython.contextvars cimport get_value
from cpython.dict cimport PyDict_Size
from libc.stdint cimport int64_t, uint32_t

from atlas_perf.protocols.http.csockets cimport monotonic_ns
from atlas_perf.protocols.http.sinks cimport SampleSink
from atlas_perf.scripting.sample_taker cimport SampleTaker

import inspect
from asyncio import CancelledError
from contextlib import ContextDecorator

from atlas_perf.model.metric import BUILTIN_METRICS, AcrossWorkers
from atlas_perf.model.phase import PHASE_TAG
from atlas_perf.model.series import UNKNOWN_OUTCOME, tags_of
from atlas_perf.scripting.context import current_group
from atlas_perf.worker.user_tags import UserTags, tag_texts

cdef enum:
    REMEMBERED = 16_384

cdef str GROUP_SEPARATOR = "::"
cdef object CHECKS = BUILTIN_METRICS["checks"]
cdef object GROUP_DURATION = BUILTIN_METRICS["group_duration"]
cdef str GROUP_DURATION_NAME = GROUP_DURATION.name
cdef dict CENSORED = {"expected_response": UNKNOWN_OUTCOME}
cdef object group_now = current_group


cdef class TagSet:
    """Tags that samples carry, and the numbers of the series that have them."""


cdef class RememberedSeries:
    """What the virtual users of one recorder need not look up again.

    It is bounded: beyond 16,384 sets and series all of it is forgotten and begins anew, so that a
    scenario that makes up a name for each sample costs time and no memory.
    """

    def __init__(self, recorder):
        self.recorder = recorder
        self._sets = {}

    cdef TagSet set_of(self, dict texts):
        cdef tuple tags = tags_of(texts)
        found = self._sets.get(tags)
        if found is not None:
            return <TagSet>found
        self._count()
        cdef TagSet made = TagSet.__new__(TagSet)
        made.tags = tags
        made.generation = self._generation
        made.numbers = {}
        made.checks = {}
        made.in_group = {}
        self._sets[tags] = made
        return made

    cdef int _count(self) except -1:
        """Make room for one thing more."""
        if self._remembered >= REMEMBERED:
            self._sets.clear()
            self._generation += 1
            self._remembered = 0
        self._remembered += 1
        return 0

    cdef int take(self, uint32_t number, double value) except -1:
        if isinstance(self.recorder, SampleSink):
            return (<SampleSink>self.recorder).take_sample(number, value, monotonic_ns())
        self.recorder.add(number, value, monotonic_ns())
        return 0


cdef class UserSamples(SampleTaker):
    """The part of a virtual user that records: its tags, checks and groups.

    `base_tags` are the plan's and the scenario's; they are not copied. The phase of the load that
    its iteration began in is one tag more, which no other replaces.
    """

    def __init__(self, RememberedSeries series not None, dict base_tags not None):
        self._series = series
        self._base_tags = base_tags
        self._tags = UserTags()

    @property
    def tags(self):
        """Added to every sample from now on; change it as you like, or assign another dict.

        Raises:
            TypeError: for what is no tag, where it is set.
        """
        return self._tags

    @tags.setter
    def tags(self, tags):
        # Refused here and now, so that no sample ever meets tags it cannot carry.
        self._tags = UserTags(tag_texts(tags))

    def check(self, value, checks, tags=None):
        """Record for each named predicate whether it holds for `value`; True if all do.

        A check that fails does not end the iteration. A predicate that raises is recorded as
        failed, and the exception goes on; the predicates after it are then not evaluated.

        Raises:
            TypeError: if a predicate is asynchronous: it could only ever be true.
        """
        cdef bint passed = True
        cdef bint holds
        for name, predicate in checks.items():
            try:
                holds = _holds(name, predicate, value)
            except BaseException:
                self._record_check(name, 0, tags)
                raise
            self._record_check(name, holds, tags)
            passed = passed and holds
        return passed

    def group(self, name):
        """Tag every sample inside with `group`, and record how long the block took.

        Groups nest; the tag is the path from the outermost, `::outer::inner`. A group that was
        under way when its iteration was cut off is censored: its age then is kept apart.
        """
        if not name or GROUP_SEPARATOR in name:
            raise ValueError(f"{name!r} cannot name a group: it is empty or contains '::'")
        return Group(self, name)

    def record_sample(self, metric, double value, tags):
        """Record one value under the user's current tags and these; custom metrics end here."""
        self.take(metric, metric.name, value, tags)

    cdef int enter_phase(self, str phase) except -1:
        """Tag what is recorded from now on as of this phase."""
        if phase is not self.phase:
            self.phase = phase
            self._outside = None
            self._now = None
        return 0

    def sample_tags(self):
        """The tags a sample taken now carries: plan, scenario, user and group."""
        return self.set_now().tags

    cdef int take(self, object metric, str name, double value, object tags) except -1:
        cdef TagSet now = self.set_now()
        cdef object key = (name, _pairs(tags)) if tags else name
        number = now.numbers.get(key)
        if number is None:
            texts = self._texts_with(now, (<tuple>key)[1] if tags else ())
            if metric.across_workers is not AcrossWorkers.LAST:
                # A part of a whole is of no iteration: one of each phase would be added up.
                texts.pop(PHASE_TAG, None)
                texts.pop("group", None)
            number = self._series.recorder.series(metric, tags_of(texts))
            self._series._count()
            now.numbers[key] = number
        return self._series.take(number, value)

    cdef int _record_check(self, name, bint holds, tags) except -1:
        cdef TagSet now = self.set_now()
        cdef object key = (name, _pairs(tags)) if tags else name
        number = now.checks.get(key) if type(name) is str else None
        if number is None:
            texts = self._texts_with(now, (<tuple>key)[1] if tags else ())
            texts.update(tag_texts({"check": name}))
            number = self._series.recorder.series(CHECKS, tags_of(texts))
            if type(name) is str:
                self._series._count()
                now.checks[key] = number
        return self._series.take(number, holds)

    cdef dict _texts_with(self, TagSet now, tuple pairs):
        """The tags of a set with a call's own besides."""
        cdef dict texts = dict(now.tags)
        texts.update(pairs)
        if self.phase is not None:
            texts[PHASE_TAG] = self.phase
        return texts

    cdef TagSet set_now(self):
        cdef object group = get_value(group_now)
        cdef TagSet now = self._now
        if (
            now is not None
            and now.generation == self._series._generation
            and (group is self._seen_group or group == self._seen_group)
            and self._same_tags()
        ):
            return now
        return self._find_set(group)

    cdef bint _same_tags(self) except -1:
        # Told apart by value: a change may be made to the dict in place.
        if self._seen_tags is None:
            return PyDict_Size(self._tags) == 0
        return self._tags == self._seen_tags

    cdef TagSet _find_set(self, str group):
        cdef TagSet outside = self._outside
        if (
            outside is None
            or outside.generation != self._series._generation
            or not self._same_tags()
        ):
            self._seen_tags = dict(self._tags) or None
            texts = {**self._base_tags, **self._tags}
            if self.phase is not None:
                texts[PHASE_TAG] = self.phase
            outside = self._series.set_of(texts)
            self._outside = outside
        if group:
            now = outside.in_group.get(group)
            if now is None:
                now = self._series.set_of({**dict(outside.tags), "group": group})
                self._series._count()
                outside.in_group[group] = now
        else:
            now = outside
        self._seen_group = group
        self._now = now
        return <TagSet>now


class Group(ContextDecorator):
    """A block of a scenario under a name of its own; see `UserSamples.group`."""

    def __init__(self, user, name):
        self._user = user
        self._name = name
        self._token = None
        self._began_ns = 0

    def __enter__(self):
        path = current_group.get() + GROUP_SEPARATOR + self._name
        self._token = current_group.set(path)
        self._began_ns = monotonic_ns()

    def __exit__(self, kind, error, traceback):
        cdef UserSamples user = self._user
        cdef int64_t began_ns = self._began_ns
        cdef int64_t cut_at_ns = user.cut_at_ns
        try:
            if began_ns < cut_at_ns:
                # However it was left: it would have taken longer.
                user.take(GROUP_DURATION, GROUP_DURATION_NAME, cut_at_ns - began_ns, CENSORED)
            elif kind is None or not issubclass(kind, (CancelledError, GeneratorExit)):
                user.take(GROUP_DURATION, GROUP_DURATION_NAME, monotonic_ns() - began_ns, None)
        finally:
            current_group.reset(self._token)

    def _recreate_cm(self):
        return Group(self._user, self._name)


cdef bint _holds(name, predicate, value) except -1:
    result = predicate(value) if callable(predicate) else predicate
    if result is True or result is False:
        return result is True
    if inspect.isawaitable(result):
        if inspect.iscoroutine(result):
            result.close()
        raise TypeError(f"check {name!r} is asynchronous: await what it needs first, then check")
    return bool(result)


cdef tuple _pairs(tags):
    """The call's own tags as text, in the order given."""
    if type(tags) is dict:
        for name, text in (<dict>tags).items():
            if type(name) is not str or type(text) is not str:
                break
        else:
            return tuple((<dict>tags).items())
    return tuple(tag_texts(tags).items())
