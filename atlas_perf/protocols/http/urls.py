"""URLs of requests: joined to the base, taken apart, and freed of credentials for tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure

Origin = tuple[str, str, int]
"""Scheme, host and port, or the path of a Unix socket for a host: what connections and
credentials belong to."""

UNIX_SCHEME = "http+unix"
"""`http+unix://%2Frun%2Fapp.sock/path`: HTTP over the Unix socket /run/app.sock."""

QueryValue = str | int | float | bool | None
Query = Mapping[str, QueryValue | Iterable[QueryValue]]

DEFAULT_PORTS = {"http": 80, "https": 443}

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # lone surrogates have no bytes
_HOST_NAME = re.compile(r"[A-Za-z0-9_~\-]+(?:\.[A-Za-z0-9_~\-]+)*\.?")
_ZONE = re.compile(r"(?=.{1,20}$)[A-Za-z0-9_~%\-]+(?:\.[A-Za-z0-9_~%\-]+)*")  # of an interface
_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*://)[^/?#]*@")
_ANYTHING_BEFORE_AT = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*://)?.*@", re.DOTALL)
SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%[]|"
SAFE_IN_QUERY = SAFE_IN_PATH + "?{}^`"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `path` is percent-encoded and includes the query."""

    scheme: str
    host: str  # lower case, IDNA, IPv6 without brackets
    port: int
    authority: str  # value of the Host header
    path: str
    tag_url: str  # as given, without user info and fragment
    userinfo: tuple[str, str] | None = None
    socket_path: str | None = None  # of a Unix socket, where host and port mean nothing

    @property
    def origin(self) -> Origin:
        if self.socket_path is not None:
            return UNIX_SCHEME, self.socket_path, 0
        return self.scheme, self.host, self.port


def is_relative(url: str) -> bool:
    """True for a URL that only a base makes whole."""
    return _ABSOLUTE.match(url) is None


def join_base(base_url: str | None, url: str) -> str:
    """A whole URL. A relative one is appended to the base, whose path is kept."""
    if base_url is None or not is_relative(url):
        return url
    if not url or url[0] in "?#":
        return base_url + url
    return f"{base_url.rstrip('/')}/{url.lstrip('/')}"


def with_query(url: str, query: Query) -> str:
    """The URL with more query parameters: None leaves one out, an iterable repeats it."""
    pairs = [
        (name, "true" if item is True else "false" if item is False else str(item))
        for name, value in query.items()
        for item in (
            [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
        )
        if item is not None
    ]
    if not pairs:
        return url
    whole, hash_sign, fragment = url.partition("#")
    joint = "" if whole.endswith(("?", "&")) else "&" if "?" in whole else "?"
    return f"{whole}{joint}{urlencode(pairs)}{hash_sign}{fragment}"


@lru_cache(maxsize=1024)
def parse_target(url: str) -> Target:
    """Take a whole URL apart.

    Raises:
        RequestFailure: with code 1020 and the reason, without repeating the URL.
    """
    if _CONTROL.search(url):
        raise invalid_url("it contains a control character")
    try:
        parts = urlsplit(url.strip(" "))
        port, host = (None, None) if parts.scheme == UNIX_SCHEME else (parts.port, parts.hostname)
    except ValueError:
        raise invalid_url("its host or port cannot be read") from None
    if not parts.scheme or not parts.netloc:
        raise invalid_url("it names no host; give a whole URL or set a base URL")
    if parts.scheme == UNIX_SCHEME:
        return _unix_target(url, parts)
    if parts.scheme not in DEFAULT_PORTS:
        raise invalid_url("its scheme is neither http nor https")
    if not host:
        raise invalid_url("its host is empty")
    host = _ascii_host(host)
    if port == 0:
        raise invalid_url("its port is 0")
    port = port or DEFAULT_PORTS[parts.scheme]
    userinfo = None
    if "@" in parts.netloc:
        userinfo = unquote(parts.username or ""), unquote(parts.password or "")
    bracketed = f"[{host}]" if ":" in host else host
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        authority=bracketed if port == DEFAULT_PORTS[parts.scheme] else f"{bracketed}:{port}",
        path=_path(parts),
        tag_url=_USERINFO.sub(r"\1", url.partition("#")[0]),
        userinfo=userinfo,
    )


def _path(parts: SplitResult) -> str:
    path = quote(parts.path, safe=SAFE_IN_PATH) or "/"
    return f"{path}?{quote(parts.query, safe=SAFE_IN_QUERY)}" if parts.query else path


def _unix_target(url: str, parts: SplitResult) -> Target:
    socket_path = unquote(parts.netloc)
    if not socket_path.startswith("/") or "\0" in socket_path:
        raise invalid_url("its host is no path of a socket; write http+unix://%2Frun%2Fapp.sock/")
    return Target(
        scheme="http",
        host="localhost",
        port=DEFAULT_PORTS["http"],
        authority="localhost",
        path=_path(parts),
        tag_url=url.partition("#")[0],
        socket_path=socket_path,
    )


def redacted(url: str) -> str:
    """A URL fit for tags and messages even if it is malformed: no user info, no fragment."""
    try:
        return parse_target(url).tag_url
    except RequestFailure:
        return _ANYTHING_BEFORE_AT.sub(r"\1", url).partition("#")[0]


def _ascii_host(host: str) -> str:
    if ":" in host:
        return _checked_address(host)
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise invalid_url("its host is not a name") from None
    if _HOST_NAME.fullmatch(name) is None:
        raise invalid_url("its host is not a name")
    return name


def _checked_address(host: str) -> str:
    """An IPv6 address, whose zone would be text of any kind, fit for a Host header and for SNI."""
    address, percent, zone = host.partition("%")
    try:
        IPv6Address(address)
    except ValueError:
        raise invalid_url("its host is not an address") from None
    if percent and _ZONE.fullmatch(zone) is None:
        raise invalid_url("its host is not an address")
    return host


def invalid_url(reason: str) -> RequestFailure:
    return RequestFailure(ErrorCode.INVALID_URL, f"invalid URL: {reason}")
