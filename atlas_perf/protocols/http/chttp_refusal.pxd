"""Mirror of csrc/http_refusal.h; single refusals are known here by their names only."""


cdef extern from "http_refusal.h" nogil:
    ctypedef enum http_refusal:
        HTTP_NOT_REFUSED
        HTTP_REFUSAL_COUNT

    const char *http_refusal_name(http_refusal refusal)

    ctypedef enum http_progress:
        HTTP_MORE
        HTTP_COMPLETE
        HTTP_REFUSED
