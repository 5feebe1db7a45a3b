"""Name lookups, shared by all virtual users of a process.

An answer is kept for five minutes, k6's default. Each dial starts at the next address of the
answer, so that connections spread evenly over a name's addresses; IPv4 addresses come first.
Simultaneous lookups of one name become one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache

from atlas_perf import clock
from atlas_perf.protocols.http.failures import lookup_failure
from atlas_perf.units import NS_PER_S

LOOKUP_TTL_NS = 300 * NS_PER_S

Lookup = Callable[[str], Awaitable[list[str]]]
"""From a host name to its addresses in text form."""


async def system_lookup(host: str) -> list[str]:
    """Ask the operating system, in a thread.

    Raises:
        OSError: `socket.gaierror` if there is no answer.
        UnicodeError: if the name cannot be one.
    """
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


@dataclass(slots=True)
class _Answer:
    ipv4: list[str]
    ipv6: list[str]
    expires_ns: int
    dials: int = 0

    def next_addresses(self) -> list[str]:
        turn = self.dials
        self.dials += 1
        return _rotated(self.ipv4, turn) + _rotated(self.ipv6, turn)


class Resolver:
    """Addresses of host names."""

    def __init__(self, lookup: Lookup = system_lookup, ttl_ns: int = LOOKUP_TTL_NS) -> None:
        self._lookup = lookup
        self._ttl_ns = ttl_ns
        self._answers: dict[str, _Answer] = {}
        self._pending: dict[str, asyncio.Task[_Answer]] = {}

    async def resolve(self, host: str) -> list[str]:
        """Addresses to try, in this order. A host that is an address is its own answer.

        Raises:
            RequestFailure: code 1101 if there is no such host, 1100 if the lookup failed.
        """
        if is_address(host):
            return [host]
        answer = self._answers.get(host)
        if answer is None or clock.now_ns() >= answer.expires_ns:
            answer = await self._ask(host)
        return answer.next_addresses()

    async def _ask(self, host: str) -> _Answer:
        loop = asyncio.get_running_loop()
        task = self._pending.get(host)
        if task is None or task.get_loop() is not loop:
            task = loop.create_task(self._look_up(host))
            task.add_done_callback(_mark_retrieved)
            self._pending[host] = task
        # One impatient user must not take the answer from the others.
        return await asyncio.shield(task)

    async def _look_up(self, host: str) -> _Answer:
        try:
            addresses = list(dict.fromkeys(await self._lookup(host)))
            if not addresses:
                raise socket.gaierror(socket.EAI_NONAME, "no address")
        except (OSError, UnicodeError) as error:
            raise lookup_failure(error) from error
        finally:
            self._pending.pop(host, None)
        answer = _Answer(
            ipv4=[address for address in addresses if ":" not in address],
            ipv6=[address for address in addresses if ":" in address],
            expires_ns=clock.now_ns() + self._ttl_ns,
        )
        self._answers[host] = answer
        return answer


def _rotated(addresses: list[str], turn: int) -> list[str]:
    start = turn % len(addresses) if addresses else 0
    return addresses[start:] + addresses[:start]


def _mark_retrieved(task: asyncio.Task[_Answer]) -> None:
    """Nobody may be left to hear of a failure: those who asked may have been cancelled."""
    if not task.cancelled():
        task.exception()


def is_address(host: str) -> bool:
    """True for an IPv4 or IPv6 address in text form, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@cache
def shared_resolver() -> Resolver:
    """The process's resolver."""
    return Resolver()
