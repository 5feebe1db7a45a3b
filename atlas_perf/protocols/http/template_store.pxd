from cpython.ref cimport PyObject

from atlas_perf.protocols.http.request_template cimport RequestTemplate

cdef enum:
    SIGNATURE_PARTS = 30


cdef class RequestKind:
    cdef dict young
    cdef dict old
    cdef dict patterns


cdef class Signature:
    cdef PyObject *parts[SIGNATURE_PARTS]
    cdef int count
    cdef list _held
    cdef RequestKind kind


cdef class TemplateStore:
    cdef object _pattern
    cdef RequestKind _plain_get
    cdef dict _kinds
    cdef dict _old_kinds
    cdef list _signatures
    cdef dict _tags
    cdef int _fresh

    cdef RequestTemplate find(self, method, url, body, dict params)
    cdef tuple canonical_tags(self, tuple tags)
    cdef RequestKind _kind_of(self, method, body, dict params)
    cdef RequestKind _kind_of_key(self, tuple key)
    cdef object _new_to(self, RequestKind kind, method, str url, body, dict params)
    cdef object _made(self, RequestKind kind, method, str url, body, dict params)
