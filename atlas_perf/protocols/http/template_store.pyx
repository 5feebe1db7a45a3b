"""Which template a call may use: found by its kind, then by its URL.

A kind is everything a call says but the URL, the content, credentials and the values of headers.
Calls written the same way are recognised by the identity of what they are made of, which is proof
enough for values that cannot change; all others by a key made of their values. A URL that is new to
a kind takes the kind's pattern for what stands before the path.

Whatever is kept here is bounded: what was not used between two turns of the generations is gone.
"""

from cpython.dict cimport PyDict_Next
from cpython.ref cimport PyObject
from cpython.unicode cimport (
    PyUnicode_1BYTE_KIND,
    PyUnicode_DATA,
    PyUnicode_GET_LENGTH,
    PyUnicode_KIND,
)
from libc.string cimport memcmp, memcpy

from atlas_perf.protocols.http.request_template cimport RequestPattern

from datetime import timedelta

from atlas_perf.protocols.http.bearer import BearerAuth
from atlas_perf.protocols.http.urls import SAFE_IN_PATH, SAFE_IN_QUERY, with_query

cdef enum:
    TEMPLATES_A_GENERATION = 256
    KINDS_A_GENERATION = 256
    PATTERNS_OF_A_KIND = 64
    SIGNATURES = 256  # a power of two
    REMEMBERED_TAGS = 4096
    NO_SIGNATURE = -1

cdef object _TRUE = True
cdef object _FALSE = False

cdef object NOT_FAST = object()  # remembered instead of a template or pattern

cdef bint STANDS_IN_PATH[128]
cdef bint STANDS_IN_QUERY[128]


cdef class RequestKind:
    """The templates of one kind of request by URL, and the patterns by what stands before the
    path."""

    def __cinit__(self):
        self.young = {}
        self.old = {}
        self.patterns = {}


cdef class Signature:
    """The identities of what a call is made of, and its kind."""


cdef class TemplateStore:
    """The templates that clients with the same options and base URL share."""

    def __init__(self, pattern):
        """`pattern(method, url, body, params)` makes a RequestPattern; None if such requests
        cannot go the fast way."""
        self._pattern = pattern
        self._kinds = {}
        self._old_kinds = {}
        self._signatures = [None] * SIGNATURES
        self._tags = {}
        self._plain_get = RequestKind()

    @property
    def templates(self):
        """How many are kept."""
        cdef RequestKind kind
        cdef Py_ssize_t count = 0
        for kind in (self._plain_get, *self._kinds.values(), *self._old_kinds.values()):
            count += len(kind.young) + len(kind.old)
        return count

    @property
    def kinds(self):
        """How many are kept."""
        return 1 + len(self._kinds) + len(self._old_kinds)

    def template_of(self, method, url, body=None, **params):
        """As `find`, which compiled code calls."""
        return self.find(method, url, body, params)

    cdef RequestTemplate find(self, method, url, body, dict params):
        """The template of a call, None if it has to go the slow way."""
        cdef RequestKind kind
        if type(url) is not str or type(method) is not str:
            return None
        if not params and body is None and method == "GET":
            kind = self._plain_get
        else:
            if "params" in params:
                params = params.copy()
                query = params.pop("params")
                url = with_query(url, query) if query else url
            kind = self._kind_of(method, body, params)
            if kind is None:
                return None
        found = kind.young.get(url)
        if found is None:
            found = self._new_to(kind, method, url, body, params)
        return None if found is NOT_FAST else <RequestTemplate>found

    cdef tuple canonical_tags(self, tuple tags):
        """Equal tags as the same object, so that they can be told apart by identity."""
        known = self._tags.get(tags)
        if known is not None:
            return <tuple>known
        if len(self._tags) >= REMEMBERED_TAGS:
            self._tags.clear()
        self._tags[tags] = tags
        return tags

    cdef RequestKind _kind_of(self, method, body, dict params):
        cdef PyObject *parts[SIGNATURE_PARTS]
        cdef size_t mixed = 0
        cdef int position
        cdef Signature signature
        cdef int count = _sign(method, body, params, parts)
        if count == NO_SIGNATURE:
            return self._kind_of_key(template_key(method, body, params))
        for position in range(count):
            mixed = (mixed * 31) ^ (<size_t>parts[position] >> 4)
        mixed = (mixed ^ (mixed >> 16)) & (SIGNATURES - 1)
        known = self._signatures[mixed]
        if known is not None:
            signature = <Signature>known
            if signature.count == count and not memcmp(
                signature.parts, parts, count * sizeof(PyObject *)
            ):
                return signature.kind
        kind = self._kind_of_key(template_key(method, body, params))
        if kind is not None:
            signature = Signature.__new__(Signature)
            signature.count = count
            signature.kind = kind
            memcpy(signature.parts, parts, count * sizeof(PyObject *))
            # Held, so that no other object can take the place of one.
            signature._held = [
                <object>parts[position] for position in range(count) if parts[position] != NULL
            ]
            self._signatures[mixed] = signature
        return kind

    cdef RequestKind _kind_of_key(self, tuple key):
        cdef RequestKind kind
        if key is None:
            return None
        kind = self._kinds.get(key)
        if kind is not None:
            return kind
        kind = self._old_kinds.pop(key, None)
        if kind is None:
            kind = RequestKind()
        if len(self._kinds) >= KINDS_A_GENERATION:
            self._signatures = [None] * SIGNATURES  # they know kinds that are to be forgotten
            self._old_kinds = self._kinds
            self._kinds = {}
        self._kinds[key] = kind
        return kind

    cdef object _new_to(self, RequestKind kind, method, str url, body, dict params):
        """The template for a URL that was not asked for lately."""
        cdef RequestKind each
        found = kind.old.get(url)
        if found is None:
            found = self._made(kind, method, url, body, params)
        if self._fresh >= TEMPLATES_A_GENERATION:
            self._fresh = 0
            for each in (self._plain_get, *self._kinds.values(), *self._old_kinds.values()):
                each.old = each.young
                each.young = {}
        self._fresh += 1
        kind.young[url] = found
        return found

    cdef object _made(self, RequestKind kind, method, str url, body, dict params):
        cdef Py_ssize_t start = _start_of_plain_path(url)
        cdef RequestPattern pattern
        cdef str before, path
        if start < 0:
            made = self._pattern(method, url, body, params)
            return NOT_FAST if made is None else (<RequestPattern>made).own_template()
        before, path = url[:start], url[start:]
        known = kind.patterns.get(before)
        if known is NOT_FAST:
            return NOT_FAST
        if known is not None:
            return (<RequestPattern>known).template(path)
        made = self._pattern(method, url, body, params)
        if len(kind.patterns) >= PATTERNS_OF_A_KIND:
            kind.patterns.clear()
        if made is None:
            kind.patterns[before] = NOT_FAST
            return NOT_FAST
        pattern = <RequestPattern>made
        if not pattern.take_path(path):
            return pattern.own_template()
        kind.patterns[before] = pattern
        return pattern.template(path)


cdef int _sign(method, body, dict params, PyObject **parts) except -2:
    """Write down the identities of what makes a call of its kind; returns how many there are,
    NO_SIGNATURE if some of it could change and stay the same object."""
    cdef PyObject *name
    cdef PyObject *value
    cdef PyObject *inner_name
    cdef PyObject *inner_value
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t inner
    cdef int count = 3
    parts[0] = <PyObject *>method
    kind = type(body)
    parts[1] = <PyObject *>kind
    parts[2] = <PyObject *>(_TRUE if body else _FALSE)
    while PyDict_Next(params, &position, &name, &value):
        if count + 2 > SIGNATURE_PARTS:
            return NO_SIGNATURE
        parts[count] = name
        parts[count + 1] = NULL
        count += 2
        kind = type(<object>value)
        if value == <PyObject *>None:
            parts[count - 1] = value
        elif <object>name in _ASKED_ONLY_WHETHER:
            parts[count - 1] = <PyObject *>_TRUE
        elif <object>name == "auth":
            if not _are_credentials(<object>value):
                return NO_SIGNATURE
            parts[count - 1] = <PyObject *>kind
        elif kind in _UNCHANGING:
            parts[count - 1] = value
        elif kind is dict and <object>name in _TEXTS:
            inner = 0
            while PyDict_Next(<object>value, &inner, &inner_name, &inner_value):
                if count + 3 > SIGNATURE_PARTS or type(<object>inner_name) is not str:
                    return NO_SIGNATURE
                if type(<object>inner_value) is not str:
                    return NO_SIGNATURE
                parts[count] = inner_name
                count += 1
                if <object>name != "headers" or _value_matters(<object>inner_name):
                    parts[count] = inner_value
                    count += 1
            parts[count] = NULL
            count += 1
        else:
            return NO_SIGNATURE
    return count


cdef tuple template_key(method, body, dict params):
    """What tells one kind of request from another by value; None if that cannot be told."""
    parts = [method, type(body), bool(body)]
    for name, value in params.items():
        kind = type(value)
        parts.append(name)
        if name in _ASKED_ONLY_WHETHER:
            parts.append(value is None)
        elif name == "auth" and value is not None:
            if not _are_credentials(value):
                return None
            parts.append(kind)
        elif value is None or kind in _SCALARS:
            parts.append(kind)
            parts.append(value)
        elif kind is dict and name in _TEXTS:
            parts.append(len(value))
            for inner_name, inner_value in (<dict>value).items():
                if type(inner_name) is not str or type(inner_value) not in _SCALARS:
                    return None
                parts.append(inner_name)
                if name != "headers" or _value_matters(inner_name):
                    parts.append(type(inner_value))
                    parts.append(inner_value)
        elif kind in _COLLECTIONS:
            if any(type(each) not in _SCALARS for each in value):
                return None
            parts.append(kind)
            parts.extend((type(each), each) for each in value)
            parts.append(len(value))
        else:
            return None
    return tuple(parts)


cdef object _ASKED_ONLY_WHETHER = frozenset({"json", "data", "expect"})
cdef object _TEXTS = frozenset({"headers", "tags", "cookies"})
cdef object _SCALARS = frozenset({str, int, bool, timedelta, range})
cdef object _COLLECTIONS = frozenset({tuple, list, set, frozenset})
cdef object _UNCHANGING = _SCALARS | {tuple, frozenset}  # tuples: once their key was made


cdef bint _are_credentials(value):
    """Whether it is sent with a request as it is, and cannot change."""
    if type(value) is BearerAuth:
        return True
    if type(value) is not tuple or len(<tuple>value) != 2:
        return False
    return type((<tuple>value)[0]) is str and type((<tuple>value)[1]) is str


cdef bint _value_matters(str header):
    """Whether more than a line of the head depends on what a header says."""
    return PyUnicode_GET_LENGTH(header) == 10 and header.lower() == "connection"


cdef Py_ssize_t _start_of_plain_path(str url) except? -2:
    """Where the path begins, if it is there and consists of characters that are sent as they
    are; else -1."""
    cdef Py_ssize_t length = PyUnicode_GET_LENGTH(url)
    cdef Py_ssize_t start = 0
    cdef Py_ssize_t position
    cdef const unsigned char *characters
    cdef bint in_query = False
    if length == 0 or PyUnicode_KIND(url) != PyUnicode_1BYTE_KIND:
        return -1
    characters = <const unsigned char *>PyUnicode_DATA(url)
    if characters[0] != c"/":
        start = url.find("://")
        start = url.find("/", start + 3) if start != -1 else -1
        if start == -1 or "?" in url[:start] or "#" in url[:start]:
            return -1
    elif length > 1 and characters[1] == c"/":
        return -1  # joined to the base with one slash
    for position in range(start, length):
        if characters[position] >= 128:
            return -1
        if in_query:
            if not STANDS_IN_QUERY[characters[position]]:
                return -1
        elif characters[position] == c"?":
            in_query = True
        elif not STANDS_IN_PATH[characters[position]]:
            return -1
    return -1 if characters[length - 1] == c"?" else start  # an empty query is left out


cdef int _learn_characters() except -1:
    cdef int code
    always = "_.-~"
    for code in range(128):
        character = chr(code)
        plain = character.isalnum() or character in always
        STANDS_IN_PATH[code] = plain or character in SAFE_IN_PATH
        STANDS_IN_QUERY[code] = plain or character in SAFE_IN_QUERY
    return 0


_learn_characters()
