"""Name lookups, shared by all virtual users of a process.

By default an answer is kept for five minutes, as in k6, and each dial starts at the next address of
the answer, so that connections spread evenly over a name's addresses; IPv4 addresses come first.
Simultaneous lookups of one name become one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache

from atlas_perf import clock
from atlas_perf.model.plan import DnsOptions
from atlas_perf.protocols.http.failures import lookup_failure

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


@dataclass(frozen=True, slots=True)
class _Answer:
    groups: tuple[tuple[str, ...], ...]  # those of a later one are tried after all of the earlier
    expires_ns: int | None


class Resolver:
    """Addresses of host names."""

    def __init__(
        self,
        lookup: Lookup = system_lookup,
        options: DnsOptions | None = None,
        *,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        """`now_ns` reads the monotonic clock."""
        self._lookup = lookup
        self._options = options or DnsOptions()
        self._now_ns = now_ns or clock.now_ns
        self._answers: dict[str, _Answer] = {}
        self._pending: dict[str, asyncio.Task[_Answer]] = {}
        self._turns: dict[str, int] = {}  # outlive answers: a new one must not begin at its first
        self._first_turn = 0

    def begin_at(self, turn: int) -> None:
        """Let `roundRobin` begin at this address of each answer: processes at one each."""
        self._first_turn = turn

    async def resolve(self, host: str) -> list[str]:
        """Addresses to try, in this order. A host that is an address is its own answer.

        Raises:
            RequestFailure: code 1101 if there is no such host, 1100 if the lookup failed.
        """
        known = self.known(host)
        return await self.look_up(host) if known is None else known

    def known(self, host: str) -> list[str] | None:
        """As `resolve`, if nobody has to be asked; else None."""
        if is_address(host):
            return [host]
        answer = self._answers.get(host)
        if answer is None:
            return None
        if answer.expires_ns is not None and self._now_ns() >= answer.expires_ns:
            return None
        return self._next_addresses(host, answer)

    async def look_up(self, host: str) -> list[str]:
        """As `resolve`, after asking."""
        loop = asyncio.get_running_loop()
        task = self._pending.get(host)
        if task is None or task.get_loop() is not loop:
            task = loop.create_task(self._ask(host))
            task.add_done_callback(_mark_retrieved)
            self._pending[host] = task
        # One impatient user must not take the answer from the others.
        return self._next_addresses(host, await asyncio.shield(task))

    async def _ask(self, host: str) -> _Answer:
        try:
            groups = self._taken(list(dict.fromkeys(await self._lookup(host))))
            if not any(groups):
                raise socket.gaierror(socket.EAI_NONAME, "no address")
        except (OSError, UnicodeError) as error:
            raise lookup_failure(error) from error
        finally:
            self._pending.pop(host, None)
        ttl_ns = self._options.ttl_ns
        answer = _Answer(groups, None if ttl_ns is None else self._now_ns() + ttl_ns)
        self._answers[host] = answer
        return answer

    def _taken(self, addresses: list[str]) -> tuple[tuple[str, ...], ...]:
        """The addresses that the policy takes, those that come first in a group before the rest."""
        if self._options.select == "roundRobin":
            # Servers of names rotate their answers too, and two rotations can cancel out.
            addresses = sorted(addresses, key=_in_order)
        ipv4 = tuple(address for address in addresses if ":" not in address)
        ipv6 = tuple(address for address in addresses if ":" in address)
        match self._options.policy:
            case "onlyIPv4":
                return (ipv4,)
            case "onlyIPv6":
                return (ipv6,)
            case "preferIPv6":
                return (ipv6, ipv4)
            case "any":
                return (tuple(addresses),)
            case _:
                return (ipv4, ipv6)

    def _next_addresses(self, host: str, answer: _Answer) -> list[str]:
        turn = self._turns.get(host, self._first_turn)
        match self._options.select:
            case "first":
                turn = 0
            case "random":
                turn = random.getrandbits(32)
            case _:
                self._turns[host] = turn + 1
        return [address for group in answer.groups for address in _rotated(group, turn)]


def _in_order(address: str) -> tuple[bool, int]:
    return ":" in address, int(ipaddress.ip_address(address))


def _rotated(addresses: Sequence[str], turn: int) -> Sequence[str]:
    start = turn % len(addresses) if addresses else 0
    return (*addresses[start:], *addresses[:start])


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
def shared_resolver(options: DnsOptions) -> Resolver:
    """The process's resolver under these options."""
    return Resolver(options=options)
