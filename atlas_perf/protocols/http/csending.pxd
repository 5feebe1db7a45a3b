"""Stepping a coroutine, and being one, without a StopIteration for each result.

`am_send` is CPython's slot for it (since 3.10); Cython has no syntax to fill it, so modules assign
it once their type exists.
"""

from cpython.ref cimport PyObject


cdef extern from "Python.h":
    ctypedef enum PySendResult:
        PYGEN_RETURN
        PYGEN_ERROR
        PYGEN_NEXT

    ctypedef PySendResult (*sendfunc)(PyObject *, PyObject *, PyObject **)

    ctypedef struct PyAsyncMethods:
        sendfunc am_send

    ctypedef struct PyTypeObject:
        PyAsyncMethods *tp_as_async

    PySendResult PyIter_Send(object iterator, object value, PyObject **result) except PYGEN_ERROR
