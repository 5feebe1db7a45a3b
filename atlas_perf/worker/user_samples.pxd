from libc.stdint cimport int64_t, uint32_t

from atlas_perf.scripting.sample_taker cimport SampleTaker


cdef class TagSet:
    cdef tuple tags
    cdef int64_t generation
    cdef dict numbers  # by metric, or by metric and the call's own tags
    cdef dict checks  # by name of the check, or by that and the call's own tags
    cdef dict in_group  # the set with this group besides


cdef class RememberedSeries:
    cdef readonly object recorder
    cdef dict _sets
    cdef int64_t _generation
    cdef Py_ssize_t _remembered

    cdef TagSet set_of(self, dict texts)
    cdef int _count(self) except -1
    cdef int take(self, uint32_t number, double value) except -1


cdef class UserSamples(SampleTaker):
    cdef public int64_t cut_at_ns  # when the iteration under way was cut off; 0: it was not
    cdef RememberedSeries _series
    cdef dict _base_tags
    cdef str phase  # of the iteration under way; None where no tag tells phases apart
    cdef object _tags
    cdef dict _seen_tags  # as they were when `_outside` was found; None: there were none
    cdef str _seen_group
    cdef TagSet _outside  # with the user's tags, outside of any group
    cdef TagSet _now

    cdef int enter_phase(self, str phase) except -1
    cdef int _record_check(self, name, bint holds, tags) except -1
    cdef TagSet set_now(self)
    cdef bint _same_tags(self) except -1
    cdef TagSet _find_set(self, str group)
    cdef dict _texts_with(self, TagSet now, tuple pairs)
