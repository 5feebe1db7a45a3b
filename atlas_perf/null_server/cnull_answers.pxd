"""Mirror of csrc/null_answers.h, and what of csrc/readiness.h goes with it."""


cdef extern from "readiness.h" nogil:
    int readiness_open()


cdef extern from "null_answers.h" nogil:
    int null_answers_adopt(int set, int fd)
    int null_answers_serve(int set, const char *response, size_t response_bytes)
