"""The cookies of one virtual user: RFC 6265 storage and selection.

Left out: the public suffix list. A Domain attribute of one label ("com") is refused instead, which
is enough for a tool that talks to the hosts of one plan.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

from atlas_perf.protocols.http.headers import TOKEN
from atlas_perf.protocols.http.urls import Target, parse_target

_MAX_AGE = re.compile(r"-?[0-9]+")

MAX_COOKIES = 1000
"""Beyond this a jar forgets its oldest cookie."""

MAX_COOKIE_BYTES = 4096
"""Of name and value together; a longer cookie is ignored, as browsers do."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One stored cookie."""

    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = True  # no Domain attribute: goes to this very host and not below it
    secure: bool = False
    expires_unix_s: float | None = None  # None: lives as long as the jar


class CookieJar:
    """Cookies by domain, path and name."""

    __slots__ = ("_cookies", "_now_unix_s")

    def __init__(self, now_unix_s: Callable[[], float] = time.time) -> None:
        self._now_unix_s = now_unix_s
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    @property
    def stored(self) -> dict[tuple[str, str, str], Cookie]:
        """By domain, path and name; the same mapping for the jar's life."""
        return self._cookies

    def __len__(self) -> int:
        return len(self._cookies)

    def clear(self) -> None:
        """Forget everything."""
        self._cookies.clear()

    def set(
        self, url: str, name: str, value: str, *, path: str = "/", secure: bool = False
    ) -> None:
        """Add a cookie for the host of a URL, as if that host had set it.

        Raises:
            RequestFailure: if the URL cannot be read.
            ValueError: for a name or value that no cookie can have.
        """
        check_cookie(name, value)
        self._store(Cookie(name, value, parse_target(url).host, path=path, secure=secure))

    def delete(self, url: str, name: str) -> None:
        """Forget the cookies of this name that would be sent to the URL."""
        for cookie in self._matching(parse_target(url)):
            if cookie.name == name:
                del self._cookies[cookie.domain, cookie.path, cookie.name]

    def for_url(self, url: str) -> dict[str, str]:
        """Names and values that a request to the URL carries, longest path first."""
        return self.for_target(parse_target(url))

    def for_target(self, target: Target) -> dict[str, str]:
        """As `for_url`; of two cookies with one name the more specific path wins."""
        if not self._cookies:
            return {}
        values: dict[str, str] = {}
        for cookie in sorted(self._matching(target), key=lambda found: -len(found.path)):
            values.setdefault(cookie.name, cookie.value)
        return values

    def take_headers(self, target: Target, set_cookies: Iterable[str]) -> dict[str, str]:
        """Store what the Set-Cookie headers of a response say; those not ignored, by name."""
        taken = (self.take_header(target, each) for each in set_cookies)
        return {cookie.name: cookie.value for cookie in taken if cookie is not None}

    def take_header(self, target: Target, set_cookie: str) -> Cookie | None:
        """Store what a Set-Cookie header of a response from `target` says; None if ignored."""
        cookie = parse_set_cookie(set_cookie, target, self._now_unix_s())
        if cookie is not None:
            self._store(cookie)
        return cookie

    def _store(self, cookie: Cookie) -> None:
        key = (cookie.domain, cookie.path, cookie.name)
        self._cookies.pop(key, None)
        if cookie.expires_unix_s is None or cookie.expires_unix_s > self._now_unix_s():
            self._cookies[key] = cookie
        if len(self._cookies) > MAX_COOKIES:
            del self._cookies[next(iter(self._cookies))]

    def _matching(self, target: Target) -> list[Cookie]:
        now_unix_s = self._now_unix_s()
        path = target.path.partition("?")[0]
        return [
            cookie
            for cookie in self._cookies.values()
            if _host_matches(target.host, cookie)
            and _path_matches(path, cookie.path)
            and (not cookie.secure or target.scheme == "https")
            and (cookie.expires_unix_s is None or cookie.expires_unix_s > now_unix_s)
        ]


def check_cookie(name: str, value: str) -> None:
    """Refuse what would break out of the Cookie header.

    Raises:
        ValueError: for a name or value that no cookie can have.
    """
    if TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not a cookie name")
    if not value.isascii() or not value.isprintable() or ";" in value:
        raise ValueError(f"cookie {name!r} has a character that a cookie cannot carry")


def parse_set_cookie(text: str, target: Target, now_unix_s: float) -> Cookie | None:
    """Read a Set-Cookie header (RFC 6265, section 5.2); None if it must be ignored."""
    pair, _, rest = text.partition(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name or len(name) + len(value) > MAX_COOKIE_BYTES:
        return None
    attributes = dict(_attributes(rest))
    secure = "secure" in attributes
    if secure and target.scheme != "https":
        return None
    domain = attributes.get("domain", "").lower().lstrip(".")
    if domain and not _may_set_for(target.host, domain):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name=name,
        value=value,
        domain=domain or target.host,
        path=path if path.startswith("/") else _default_path(target.path),
        host_only=not domain,
        secure=secure,
        expires_unix_s=_expiry(attributes, now_unix_s),
    )


def _attributes(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(";"))
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _expiry(attributes: dict[str, str], now_unix_s: float) -> float | None:
    """Max-Age wins over Expires; an unreadable one counts as not given."""
    max_age = attributes.get("max-age", "")
    if _MAX_AGE.fullmatch(max_age):
        return now_unix_s + int(max_age[:12])
    date = parsedate_tz(attributes.get("expires", "").replace("-", " "))
    if date is None:
        return None
    try:
        return float(mktime_tz(date))
    except (ValueError, OverflowError):
        return None


def _may_set_for(host: str, domain: str) -> bool:
    return host == domain or ("." in domain and host.endswith("." + domain) and not _is_ip(host))


def _host_matches(host: str, cookie: Cookie) -> bool:
    if host == cookie.domain:
        return True
    return not cookie.host_only and host.endswith("." + cookie.domain)


def _path_matches(path: str, cookie_path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return cookie_path.endswith("/") or path[len(cookie_path) :][:1] in ("", "/")


def _default_path(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[0] or "/"


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
