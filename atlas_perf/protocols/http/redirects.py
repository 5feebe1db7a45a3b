"""Following a redirect: what the next request is, and what must not travel with it."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.urls import UNIX_SCHEME, Target, invalid_url, parse_target

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

_BECOMES_GET = frozenset({301, 302, 303})
_OF_THE_BODY = frozenset({"content-length", "content-type", "transfer-encoding"})
_OF_THE_ORIGIN = frozenset({"authorization", "cookie", "host", "proxy-authorization"})


def redirected(request: Request, target: Target, response: Response) -> Request | None:
    """The request that a redirecting response asks for; None if it asks for none.

    301, 302 and 303 turn every method but HEAD into a GET without a body, as Go and k6 do;
    307 and 308 repeat the request. Credentials and cookies given with the request stay behind
    when the scheme, host or port changes, unless it is the step from HTTP to HTTPS of one host.

    Raises:
        RequestFailure: code 1020 if the Location is no URL that can be followed, or a Unix socket,
            which no server may choose; 1000 if the body cannot be sent again.
    """
    locations = response.headers.get_all("location")  # the first counts, as in Go and k6
    if response.status not in REDIRECT_STATUSES or not locations or not locations[0]:
        return None
    url = _joined(target, _utf8_if_possible(locations[0]))
    next_target = parse_target(url)
    if next_target.socket_path is not None and next_target.socket_path != target.socket_path:
        raise invalid_url("a redirect cannot lead to a Unix socket of this machine")
    fields, body, method, cookies = request.fields, request.body, request.method, request.cookies
    digest = request.digest
    if response.status in _BECOMES_GET and method != "HEAD":
        method, body = "GET", b""
        fields = tuple(field for field in fields if field[0].lower() not in _OF_THE_BODY)
    elif not request.repeatable:
        raise RequestFailure(
            ErrorCode.GENERIC, "address that needs the body again, which an iterator has not"
        )
    if not _same_owner(target, next_target):
        fields = tuple(field for field in fields if field[0].lower() not in _OF_THE_ORIGIN)
        cookies, digest = {}, None
    return replace(
        request,
        url=url,
        method=method,
        body=body,
        fields=fields,
        cookies=cookies,
        digest=digest,
    )


def _joined(target: Target, location: str) -> str:
    try:
        if target.socket_path is None:
            return urljoin(target.tag_url, location)
        # `urljoin` joins only the schemes it knows; a whole URL leads away from the socket.
        whole = urlsplit(location)
        if whole.scheme or whole.netloc:
            return location if whole.scheme else f"http:{location}"
        joined = urljoin("http" + target.tag_url.removeprefix(UNIX_SCHEME), location)
        return UNIX_SCHEME + joined.removeprefix("http")
    except ValueError as error:
        raise invalid_url(str(error)) from None


def _same_owner(old: Target, new: Target) -> bool:
    if old.origin == new.origin:
        return True
    upgraded = (old.scheme, old.port, new.scheme, new.port) == ("http", 80, "https", 443)
    return upgraded and old.host == new.host


def _utf8_if_possible(location: str) -> str:
    """Headers are read as Latin-1, but a Location beyond ASCII is UTF-8 in practice."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return location
