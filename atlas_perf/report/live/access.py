"""Who may see a live page, and who may stop its run.

Whoever can reach the address could stop the run, so that a token is asked for: in the stop's
header always, where no other site's page can put it, and in every address where the server
listens beyond this machine.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs

TOKEN_HEADER = "X-Atlas-Perf-Token"

Header = Callable[[str, str], str]
"""The value of a request's header, or what is given instead."""

_HOST = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<name>[^\[\]:@/]*))(?::[0-9]*)?")
_OWN_PAGES = frozenset({"same-origin", "none"})
"""Where a browser says that a request comes from: this page, or its user."""


@dataclass(frozen=True, slots=True)
class Access:
    """Judges requests by their headers and query.

    Args:
        is_local: the server can be reached from this machine alone.
    """

    token: str
    is_local: bool

    def may_see(self, query: str, header: Header) -> bool:
        """The page, which may be linked to from anywhere."""
        return self._host_is_ours(header) and (self.is_local or self._is_token(_token_of(query)))

    def may_follow(self, query: str, header: Header) -> bool:
        """The stream, which no other site's page may take a place at."""
        return self.may_see(query, header) and _is_of_own_page(header)

    def may_stop(self, header: Header) -> bool:
        """The run."""
        given = header(TOKEN_HEADER, "")
        return self._host_is_ours(header) and _is_of_own_page(header) and self._is_token(given)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.token.encode())

    def _host_is_ours(self, header: Header) -> bool:
        """A page of another site, whose name leads to this machine, is turned away."""
        if not self.is_local:
            return True
        host = _HOST.fullmatch(header("Host", ""))
        return host is not None and is_loopback(host["six"] or host["name"] or "")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _token_of(query: str) -> str:
    return parse_qs(query).get("token", [""])[0]


def _is_of_own_page(header: Header) -> bool:
    """Programs that are no browser say nothing of it."""
    return header("Sec-Fetch-Site", "none") in _OWN_PAGES
