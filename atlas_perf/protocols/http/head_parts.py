"""A request's head cut into what stays and what changes from one request of a kind to the next."""

from __future__ import annotations

from dataclasses import dataclass

from atlas_perf.protocols.http.headers import HeaderFields
from atlas_perf.protocols.http.request import ALWAYS_WITH_LENGTH, Request
from atlas_perf.protocols.http.urls import Target

_LENGTH = "Content-Length"
_CREDENTIALS = "Authorization"


@dataclass(frozen=True, slots=True)
class HeadParts:
    """The pieces of what `head_bytes` returns, in this order: `before_path`, the path,
    `after_path`, the length of the content with the end of its line if it `has_length`,
    credentials if it `has_credentials`, given headers if it `has_given`, `after_given`, cookies,
    an empty line.

    With neither length nor credentials nor given headers `after_path` is all the rest.
    """

    before_path: str
    path: str
    after_path: str
    after_given: str
    has_length: bool
    has_credentials: bool
    has_given: bool
    always_has_length: bool
    may_have_content: bool


def head_parts(
    request: Request, target: Target, *, own: int, given: int, may_have_content: bool
) -> HeadParts:
    """Cut the head of a request as the peer of the connection sees it.

    The first `own` of its fields are made for it, the next `given` come from the caller. Made of
    the caller's credentials is the last of `own`, if any.
    """
    before, after = request.fields[:own], request.fields[own + given :]
    has_credentials = before[-1:] != () and before[-1][0] == _CREDENTIALS
    before = before[:-1] if has_credentials else before
    has_length = before[-1:] != () and before[-1][0] == _LENGTH
    own_lines = _lines(before[:-1] if has_length else before)
    host = "" if request.has_header("host") else f"Host: {target.authority}\r\n"
    after_path = f" HTTP/1.1\r\n{host}{own_lines}" + (f"{_LENGTH}: " if has_length else "")
    varies = has_length or has_credentials or given > 0
    return HeadParts(
        before_path=f"{request.method} ",
        path=target.path,
        after_path=after_path if varies else f"{after_path}{_lines(after)}\r\n",
        after_given=_lines(after),
        has_length=has_length,
        has_credentials=has_credentials,
        has_given=given > 0,
        always_has_length=request.method in ALWAYS_WITH_LENGTH,
        may_have_content=may_have_content,
    )


def _lines(fields: HeaderFields) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in fields)
