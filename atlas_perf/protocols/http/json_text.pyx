"""JSON to bytes and back: what the standard library's `json` accepts and means, at a fifth of its cost.

orjson does it, and where it would refuse a document or mean another value, `json` is asked:

* numbers with more digits than 64 bits hold stay exact;
* keys that are numbers, None or bool, subclasses of the plain types, and documents nested deeply
  are written;
* NaN and Infinity, lone surrogates, a byte order mark, UTF-16 and UTF-32 are read.

Two things differ from `json`, as k6's `JSON.stringify` has them: NaN and infinities are written as
null, since no JSON can hold them, and nothing but ASCII control characters is escaped. Besides,
UUIDs are written as text and members of enumerations as their values.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

import json
import math
from enum import Enum
from uuid import UUID

import orjson

cdef object fast_dumps = orjson.dumps
cdef object fast_loads = orjson.loads
cdef object slow_loads = json.loads
# What `json` refuses, orjson shall not write in a way of its own.
cdef object OPTIONS = (
    orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)

cdef enum:
    LONG_NUMBER_CHARS = 20  # the least that 64 bits may not hold, the sign included


cpdef bytes encode_json(value):
    """The value as compact JSON in UTF-8.

    Raises:
        TypeError: for what has no place in JSON.
        ValueError: for a value that contains itself, or text with a lone surrogate.
        RecursionError: for one that is nested too deeply.
    """
    try:
        return fast_dumps(value, None, OPTIONS)
    except orjson.JSONEncodeError:
        return _encode_slowly(value)


cpdef object decode_json(bytes text):
    """The value of a JSON text.

    Raises:
        json.JSONDecodeError, UnicodeDecodeError: if it is none.
        RecursionError: if it is nested too deeply.
    """
    if _may_hold_long_number(text):
        return slow_loads(text)
    try:
        return fast_loads(text)
    except orjson.JSONDecodeError:
        return slow_loads(text)


cdef bytes _encode_slowly(value):
    text = _ENCODER.encode(value)
    # Looked for in the text first: a value that contains itself was refused by now.
    if "NaN" in text or "Infinity" in text:
        text = _ENCODER.encode(_without_nonfinite(value))
    return text.encode()


cdef object _without_nonfinite(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nonfinite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nonfinite(each) for each in value]
    return value


def _as_orjson(value):
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_as_orjson)


cdef bint _may_hold_long_number(bytes text):
    """True if there is a run of digits and signs so long that orjson would make it a float.

    Text between quotes counts too: it is only looked at more slowly then.
    """
    cdef const unsigned char *at = <const unsigned char *>PyBytes_AS_STRING(text)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(text)
    cdef Py_ssize_t last = LONG_NUMBER_CHARS - 1
    cdef Py_ssize_t back
    # A run covers each of its positions, so one look in every twenty characters will do.
    while last < length:
        back = 0
        while back < LONG_NUMBER_CHARS and _in_integer(at[last - back]):
            back += 1
        if back == LONG_NUMBER_CHARS:
            return True
        last += LONG_NUMBER_CHARS - back
    return False


cdef inline bint _in_integer(unsigned char character) noexcept:
    return c"0" <= character <= c"9" or character == c"-"
