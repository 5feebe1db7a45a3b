# cython: embedsignature.format=clinic
"""URLs that differ in ids only, made one: `/runs/42` and `/runs/43` are `/runs/{id}`.

Compiled because a URL with an id in it is a new one in almost every request.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_GET_LENGTH, PyUnicode_READ_CHAR
from libc.stdint cimport uint32_t

cdef extern from "Python.h":
    str PyUnicode_FromKindAndData(int kind, const void *buffer, Py_ssize_t size)
    enum:
        PyUnicode_4BYTE_KIND

cdef enum:
    LONG_HEX_DIGITS = 16
    UUID_CHARACTERS = 36
    NUMBER_AFTER_WORD_DIGITS = 5  # a shorter one may belong to the word: page-2, report-2024
    GROWTH = 4  # of a URL that becomes `{id}` for single digits


cpdef str folded(str url):
    """The URL with `{id}` for numbers, UUIDs, and hexadecimal numbers of 16 digits or more.

    A number is a whole segment of the path or value of the query, or the stem of a file; or the end
    of one, after a hyphen or an underscore, if it has five digits or more: `run-00000014` is
    `run-{id}`. Scheme, host and port stay as they are.
    """
    cdef Py_ssize_t start = _start_of_path(url)
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(url)
    cdef Py_ssize_t position
    if start == length:
        return url
    cdef Py_UCS4 *given = <Py_UCS4 *>PyMem_Malloc((2 + GROWTH) * length * sizeof(Py_UCS4))
    if given == NULL:
        raise MemoryError("no memory left to fold a URL")
    cdef Py_UCS4 *once = given + length
    cdef Py_UCS4 *twice = once + length
    cdef Py_ssize_t rest = length - start
    cdef Py_ssize_t long, short
    try:
        for position in range(rest):
            given[position] = PyUnicode_READ_CHAR(url, start + position)
        long = _without_hexadecimals(given, rest, once)
        short = _without_numbers(once, long, twice)
        if short == rest and long == rest and not _differ(given, twice, rest):
            return url
        return url[:start] + PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, twice, short)
    finally:
        PyMem_Free(given)


cdef Py_ssize_t _start_of_path(str url) except -1:
    """Where path or query begin; the length if there are none."""
    cdef Py_ssize_t start = url.find("/", url.find("://") + 3)
    cdef Py_ssize_t query = url.find("?")
    if query != -1 and (start == -1 or query < start):
        start = query
    return PyUnicode_GET_LENGTH(url) if start == -1 else start


cdef Py_ssize_t _without_hexadecimals(const Py_UCS4 *text, Py_ssize_t length, Py_UCS4 *into) noexcept:
    """UUIDs and long hexadecimal numbers replaced; returns the new length."""
    cdef Py_ssize_t position = 0, end, put = 0
    while position < length:
        end = position
        if _is_hex(text[position]) and (position == 0 or not _is_alphanumeric(text[position - 1])):
            end = _end_of_uuid(text, position, length)
            if end == position and (position == 0 or text[position - 1] != c"%"):
                end = _end_of_long_hex(text, position, length)
        if end > position:
            put = _put_id(into, put)
            position = end
        else:
            into[put] = text[position]
            put += 1
            position += 1
    return put


cdef Py_ssize_t _end_of_uuid(const Py_UCS4 *text, Py_ssize_t start, Py_ssize_t length) noexcept:
    """Where a UUID that begins here ends; `start` if none does."""
    cdef Py_ssize_t at
    cdef Py_ssize_t end = start + UUID_CHARACTERS
    if end > length or (end < length and _is_alphanumeric(text[end])):
        return start
    for at in range(UUID_CHARACTERS):
        if at == 8 or at == 13 or at == 18 or at == 23:
            if text[start + at] != c"-":
                return start
        elif not _is_hex(text[start + at]):
            return start
    return end


cdef Py_ssize_t _end_of_long_hex(const Py_UCS4 *text, Py_ssize_t start, Py_ssize_t length) noexcept:
    """Where a long hexadecimal number with at least one decimal digit ends; `start` if none."""
    cdef Py_ssize_t end = start
    cdef bint has_digit = False
    while end < length and _is_hex(text[end]):
        has_digit = has_digit or text[end] <= c"9"
        end += 1
    if end - start < LONG_HEX_DIGITS or not has_digit:
        return start
    return start if end < length and _is_alphanumeric(text[end]) else end


cdef Py_ssize_t _without_numbers(const Py_UCS4 *text, Py_ssize_t length, Py_UCS4 *into) noexcept:
    """Numbers replaced that are whole parts of path or query, or long ends of one; returns the new
    length."""
    cdef Py_ssize_t position = 0, end, least, put = 0
    while position < length:
        end = position
        least = _least_digits(text[position - 1]) if position > 0 else 0
        if least > 0:
            while end < length and text[end].isdecimal():
                end += 1
        if least > 0 and end - position >= least and _ends_part(text, end, length):
            put = _put_id(into, put)
            position = end
        else:
            into[put] = text[position]
            put += 1
            position += 1
    return put


cdef inline Py_ssize_t _least_digits(Py_UCS4 before) noexcept:
    """How many digits a number has at least that is an id, by what is before it; 0: none is."""
    if before == c"/" or before == c"=":
        return 1
    return NUMBER_AFTER_WORD_DIGITS if before == c"-" or before == c"_" else 0


cdef bint _ends_part(const Py_UCS4 *text, Py_ssize_t at, Py_ssize_t length) noexcept:
    """Whether a part of the URL, or its stem before a file's suffix, ends here."""
    if _is_end(text, at, length):
        return True
    if text[at] != c"." or at + 1 >= length or not _is_letter(text[at + 1]):
        return False
    at += 2
    while at < length and (text[at].isalnum() or text[at] == c"_"):
        at += 1
    return _is_end(text, at, length)


cdef inline bint _is_end(const Py_UCS4 *text, Py_ssize_t at, Py_ssize_t length) noexcept:
    return at >= length or text[at] in (c"/", c"?", c"&", c"#", c";")


cdef inline bint _is_letter(uint32_t character) noexcept:
    return c"a" <= (character | 0x20) <= c"z"


cdef inline bint _is_alphanumeric(uint32_t character) noexcept:
    return c"0" <= character <= c"9" or _is_letter(character)


cdef inline bint _is_hex(uint32_t character) noexcept:
    return c"0" <= character <= c"9" or c"a" <= (character | 0x20) <= c"f"


cdef inline Py_ssize_t _put_id(Py_UCS4 *into, Py_ssize_t at) noexcept:
    into[at], into[at + 1], into[at + 2], into[at + 3] = c"{", c"i", c"d", c"}"
    return at + 4


cdef inline bint _differ(const Py_UCS4 *left, const Py_UCS4 *right, Py_ssize_t length) noexcept:
    cdef Py_ssize_t position
    for position in range(length):
        if left[position] != right[position]:
            return True
    return False
