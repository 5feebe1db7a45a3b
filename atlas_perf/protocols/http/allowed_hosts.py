"""Which hosts requests may go to: the safety interlock.

It is asked on the slow way of a request, which is the only one that opens connections: the fast one
takes an idle connection to the very host, and to a host that is not allowed there never is one.

A pattern is a host name in which `*` stands for any text, an address, or a network: `10.0.0.0/8`.
Names are compared as the URL has them and are not looked up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from atlas_perf.model.plan import AllowedHosts
from atlas_perf.protocols.http.error_codes import ErrorCode
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.urls import Target

_MOST_REMEMBERED = 10_000
_NAME_PATTERN = re.compile(r"[A-Za-z0-9_.*~\-]+")


def checked_pattern(text: str) -> str:
    """The pattern, if it is one.

    Raises:
        ValueError: with a sentence that shows right ones.
    """
    if _network(text) is None and _NAME_PATTERN.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no host: write a name without scheme and port, such as 'api.example' or "
            "'*.example', an address, or a network such as '10.0.0.0/8'"
        )
    return text


def covers(patterns: Sequence[str], host: str) -> bool:
    """True if one of the patterns is of this host: a name, or an address without brackets."""
    name = host.lower().rstrip(".")
    address = _address(name)
    return any(_matches(pattern.lower().rstrip("."), name, address) for pattern in patterns)


class HostGuard:
    """Lets requests through to the hosts that every one of these lists allows."""

    def __init__(self, allowed: Sequence[AllowedHosts]) -> None:
        self._allowed = allowed
        self._known: dict[str, bool] = {}

    def allows(self, target: Target) -> bool:
        """True without lists, and for Unix sockets, which are no host."""
        if not self._allowed or target.socket_path is not None:
            return True
        known = self._known.get(target.host)
        if known is None:
            known = all(covers(one.patterns, target.host) for one in self._allowed)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[target.host] = known
        return known

    def refuse_others(self, target: Target) -> None:
        """Raises RequestFailure if the host is not allowed; k6's code of a blocked host."""
        if not self.allows(target):
            raise RequestFailure(ErrorCode.BLOCKED_HOST, "host is not in allowed_hosts")


def _matches(pattern: str, name: str, address: IPv4Address | IPv6Address | None) -> bool:
    network = _network(pattern)
    if network is not None:
        return address is not None and address.version == network.version and address in network
    text = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(text, name, re.DOTALL) is not None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
