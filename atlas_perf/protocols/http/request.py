"""One request as scenario code asks for it, checked, and its bytes."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, TypedDict

from atlas_perf.protocols.http.bearer import BearerAuth
from atlas_perf.protocols.http.body import Body, Form, encode_body
from atlas_perf.protocols.http.body_stream import BodyStream
from atlas_perf.protocols.http.cookies import check_cookie
from atlas_perf.protocols.http.decoding import ACCEPT_ENCODING
from atlas_perf.protocols.http.digest import DigestAuth
from atlas_perf.protocols.http.headers import TOKEN, HeaderFields, checked_fields
from atlas_perf.protocols.http.listening import ContentListener
from atlas_perf.protocols.http.multipart import Files
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.urls import Query, Target, join_base, with_query
from atlas_perf.units import parse_duration_ns

Statuses = int | Collection[int]

Credentials = tuple[str, str] | BearerAuth
"""What can be sent with a request as it is, without being asked for: a pair, or a token."""

EXPECTED_STATUSES = range(200, 400)
"""Statuses that are no failure unless a request says otherwise; k6's default."""

ALWAYS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests tell the length of their content even if there is none."""


class RequestParams(TypedDict, total=False):
    """What a request may be given besides method, URL and body."""

    json: Any
    """Sent as JSON."""
    data: Form | None
    """Fields of a form, sent URL-encoded; with `files`, as its first parts."""
    files: Files | None
    """By field, sent as multipart/form-data: content, (name, content), (name, content, type)."""
    params: Query | None
    """Query parameters, added to those of the URL."""
    headers: Mapping[str, str] | None
    """Replace the default headers of the same name."""
    cookies: Mapping[str, str] | None
    """For this request only; they win over those of the jar."""
    auth: tuple[str, str] | DigestAuth | BearerAuth | None
    """A pair of user and password for basic authentication, or DigestAuth(user, password), or
    BearerAuth(token)."""
    timeout: str | timedelta | None
    """For the whole request, redirects included: "10s", "500ms"."""
    max_redirects: int | None
    """0: return the redirecting response itself."""
    tags: Mapping[str, str] | None
    """Added to the tags of this request's samples."""
    name: str | None
    """Value of the `name` and `url` tags, to keep requests that differ in ids together."""
    expected_statuses: Statuses | None
    """Which statuses are no failure: 404, {200, 404}, range(200, 300)."""
    expect: Callable[[Response], object] | None
    """Asked about a response with an expected status; false or an exception makes it a failure."""
    response_type: Literal["none", "text", "binary"] | None
    """"none": receive and count the body, but do not keep it; "text" and "binary" keep it."""
    throw: bool | None
    """True: raise HttpError if no usable response arrives."""


@dataclass(frozen=True, slots=True)
class RequestDefaults:
    """What a client does when a request does not say otherwise."""

    timeout_ns: int
    max_redirects: int
    throw: bool
    base_url: str | None
    user_agent: str
    discard_bodies: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request, not yet bound to a connection."""

    method: str
    url: str
    fields: HeaderFields
    body: bytes | BodyStream
    cookies: Mapping[str, str]
    timeout_ns: int
    max_redirects: int
    tags: Mapping[str, str]
    name: str | None
    expected_statuses: Collection[int]
    expect: Callable[[Response], object] | None
    throw: bool
    digest: DigestAuth | None = None
    keeps_body: bool = True
    listener: ContentListener | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent again: not once an iterator has been asked for its body."""
        return not isinstance(self.body, BodyStream) or self.body.repeatable

    def has_header(self, name: str) -> bool:
        return any(field.lower() == name for field, _ in self.fields)

    @property
    def asks_to_close(self) -> bool:
        """True if a header of its own forbids keeping the connection."""
        return any(
            name.lower() == "connection" and "close" in value.lower() for name, value in self.fields
        )


def build_request(
    method: str,
    url: str,
    body: Body,
    params: RequestParams,
    defaults: RequestDefaults,
) -> Request:
    """Check everything that scenario code can get wrong, before anything is sent or counted.

    Raises:
        ValueError: for a malformed method, header, cookie, timeout or status set.
        TypeError: for an unknown option or a value of a wrong type.
    """
    _refuse_unknown(params)
    if not isinstance(url, str):
        raise TypeError(f"a URL is text, not {type(url).__name__}")
    if not isinstance(method, str) or TOKEN.fullmatch(method) is None:
        raise ValueError(f"{method!r} is not an HTTP method")
    if method.upper() == "CONNECT":
        raise ValueError("CONNECT is no request of its own: the option `proxy` opens tunnels")
    content, content_type = encode_body(
        body, params.get("json"), params.get("data"), params.get("files")
    )
    query = params.get("params")
    tags = {name: str(value) for name, value in (params.get("tags") or {}).items()}
    timeout = params.get("timeout")
    throw = params.get("throw")
    request = Request(
        method=method.upper(),
        url=join_base(defaults.base_url, with_query(url, query) if query else url),
        fields=_fields(method.upper(), params, content, content_type, defaults.user_agent),
        body=content,
        cookies=_checked_cookies(params.get("cookies") or {}),
        timeout_ns=defaults.timeout_ns if timeout is None else _positive_ns(timeout),
        max_redirects=_redirect_limit(params.get("max_redirects"), defaults.max_redirects),
        tags=tags,
        name=params.get("name") or tags.get("name"),
        expected_statuses=_status_set(params.get("expected_statuses")),
        expect=params.get("expect"),
        throw=defaults.throw if throw is None else throw,
        digest=auth if isinstance(auth := params.get("auth"), DigestAuth) else None,
        keeps_body=_keeps_body(params.get("response_type"), defaults),
    )
    if request.digest is not None:
        _check_digest(request)
    return request


def with_credentials_of(request: Request, target: Target) -> Request:
    """The user info of the URL becomes basic authentication, unless the request has its own."""
    if target.userinfo is None or request.digest or request.has_header("authorization"):
        return request
    return with_authorization(request, _basic(*target.userinfo))


def authorization(auth: Credentials) -> str:
    """The value of the Authorization header for a token, or for a pair of user and password.

    Raises:
        ValueError: for a user name that basic authentication cannot carry.
    """
    if isinstance(auth, BearerAuth):
        return f"Bearer {auth.token}"
    if ":" in auth[0]:
        raise ValueError("a user name for basic authentication cannot contain a colon")
    return _basic(*auth)


def with_authorization(request: Request, value: str) -> Request:
    """The request with an Authorization header that it has not yet."""
    return replace(request, fields=(*request.fields, ("Authorization", value)))


def head_bytes(
    request: Request, target: Target, cookies: Mapping[str, str], *, close: bool
) -> bytes:
    """Request line and headers. Host comes first, as RFC 9110 recommends."""
    lines = [f"{request.method} {target.path} HTTP/1.1"]
    if not request.has_header("host"):
        lines.append(f"Host: {target.authority}")
    lines.extend(f"{name}: {value}" for name, value in request.fields)
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    if close and not request.has_header("connection"):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _fields(
    method: str,
    params: RequestParams,
    content: bytes | BodyStream,
    content_type: str | None,
    user_agent: str,
) -> HeaderFields:
    given = checked_fields(params.get("headers") or {})
    names = {name.lower() for name, _ in given}
    defaults = [("User-Agent", user_agent), ("Accept-Encoding", ACCEPT_ENCODING)]
    auth = params.get("auth")
    credentials = [] if auth is None or isinstance(auth, DigestAuth) else [_credentials(auth)]
    if content_type is not None:
        defaults.append(("Content-Type", content_type))
    kept = [(name, value) for name, value in defaults if name.lower() not in names]
    if isinstance(content, BodyStream):
        kept.append(("Transfer-Encoding", "chunked"))
    elif content or method in ALWAYS_WITH_LENGTH:
        kept.append(("Content-Length", str(len(content))))
    return (*kept, *(each for each in credentials if "authorization" not in names), *given)


def _credentials(auth: Credentials) -> tuple[str, str]:
    return "Authorization", authorization(auth)


def _keeps_body(response_type: str | None, defaults: RequestDefaults) -> bool:
    if response_type is None:
        return not defaults.discard_bodies
    if response_type not in ("none", "text", "binary"):
        raise ValueError(f"response_type {response_type!r} is none of 'none', 'text', 'binary'")
    return response_type != "none"


def _check_digest(request: Request) -> None:
    if request.has_header("authorization"):
        raise ValueError("give a request DigestAuth or an Authorization header, not both")
    if not request.repeatable:
        raise ValueError(
            "DigestAuth sends a request twice, and an iterator can be read only once: "
            "give the body as bytes or as a list of parts"
        )


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _checked_cookies(cookies: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in cookies.items():
        check_cookie(name, value)
    return cookies


def _positive_ns(timeout: str | timedelta) -> int:
    timeout_ns = parse_duration_ns(timeout)
    if timeout_ns <= 0:
        raise ValueError(f"timeout {timeout!r} leaves no time: give a positive duration")
    return timeout_ns


def _redirect_limit(given: int | None, default: int) -> int:
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError(f"max_redirects {given!r} is not a count: give 0 or more")
    return given


def _status_set(given: Statuses | None) -> Collection[int]:
    if given is None:
        return EXPECTED_STATUSES
    statuses = (given,) if isinstance(given, int) else given
    if isinstance(statuses, range):
        return statuses
    for status in statuses:
        if isinstance(status, bool) or not isinstance(status, int):
            raise TypeError(
                f"expected_statuses takes numbers like 200 or range(200, 300), not {status!r}"
            )
    return frozenset(statuses)


def _refuse_unknown(params: Mapping[str, object]) -> None:
    known = RequestParams.__annotations__
    for name in params:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f": did you mean {near[0]}=?" if near else f"; known are {', '.join(known)}"
            raise TypeError(f"a request has no option {name}={hint}")
