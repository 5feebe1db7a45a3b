"""A name with several addresses gets even traffic, and traffic follows a name that changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from scripted_server import MakeClient, Server, Stage, answering, response

from atlas_perf.model.plan import DnsOptions
from atlas_perf.protocols.http import host_connections
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.units import NS_PER_S

NAME = "api.example"
MINUTE_NS = 60 * NS_PER_S


class Names:
    """A name service whose answers can change; it counts its questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def lookup(self, host: str) -> list[str]:
        assert host == NAME
        self.asked += 1
        return list(self.addresses)


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.at_ns = 0

    def now_ns(self) -> int:
        return self.at_ns


@pytest.fixture
def fake_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the ages of connections are read from; give it to resolvers as well."""
    fake = Clock()
    monkeypatch.setattr(host_connections, "clock", fake)
    return fake


@pytest.fixture
def backends(stage: Stage) -> Callable[[int], Awaitable[list[Server]]]:
    """Servers on 127.0.0.1, 127.0.0.2, … with the same port."""

    async def serve(count: int) -> list[Server]:
        answer = answering(response(200, b"ok"))
        servers = [await stage.serve(answer)]
        try:
            for number in range(2, count + 1):
                address = f"127.0.0.{number}"
                servers.append(await stage.serve(answer, host=address, port=servers[0].port))
        except OSError:
            pytest.skip("this machine has one loopback address, or the port is in use on another")
        return servers

    return serve


def loads(servers: list[Server]) -> list[int]:
    return [len(server.requests) for server in servers]


async def one_each(clients: list[HttpClient], port: int) -> None:
    for client in clients:
        assert (await client.get(f"http://{NAME}:{port}/")).ok


async def test_three_addresses_get_a_third_each(
    backends: Callable[[int], Awaitable[list[Server]]], make_client: MakeClient
) -> None:
    servers = await backends(3)
    names = Names(*(server.host for server in servers))
    resolver = Resolver(names.lookup)
    clients = [make_client(resolver=resolver) for _ in range(60)]
    for _ in range(3):
        await one_each(clients, servers[0].port)
    assert loads(servers) == [60, 60, 60]
    assert [len(server.peers) for server in servers] == [20, 20, 20]
    assert names.asked == 1


async def test_random_gives_each_address_a_third_in_the_long_run() -> None:
    names = Names("10.0.0.1", "10.0.0.2", "10.0.0.3")
    resolver = Resolver(names.lookup, DnsOptions(select="random"))
    first = Counter([(await resolver.resolve(NAME))[0] for _ in range(3000)])
    assert all(0.28 < count / 3000 < 0.38 for count in first.values()), first
    assert len(first) == 3


async def test_first_is_always_the_first_as_answered() -> None:
    names = Names("10.0.0.3", "10.0.0.1")
    resolver = Resolver(names.lookup, DnsOptions(select="first"))
    assert [await resolver.resolve(NAME) for _ in range(2)] == [["10.0.0.3", "10.0.0.1"]] * 2


@pytest.mark.parametrize("step", [1, -1])
async def test_a_server_that_rotates_its_answers_does_not_undo_ours(step: int) -> None:
    """With a TTL of 0 each answer is another one, and each has another first address."""
    names = Names("10.0.0.1", "10.0.0.2", "10.0.0.3")
    resolver = Resolver(names.lookup, DnsOptions(ttl_ns=0))
    first: Counter[str] = Counter()
    for _ in range(30):
        first[(await resolver.resolve(NAME))[0]] += 1
        names.addresses = [*names.addresses[step:], *names.addresses[:step]]
    assert sorted(first.values()) == [10, 10, 10]
    assert names.asked == 30


async def test_workers_with_one_user_each_do_not_all_go_to_the_first() -> None:
    first = set()
    for worker in range(3):
        resolver = Resolver(Names("10.0.0.1", "10.0.0.2", "10.0.0.3").lookup)
        resolver.begin_at(worker)
        first.add((await resolver.resolve(NAME))[0])
    assert len(first) == 3


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        ("preferIPv4", ["10.0.0.1", "10.0.0.2", "::1", "::2"]),
        ("preferIPv6", ["::1", "::2", "10.0.0.1", "10.0.0.2"]),
        ("onlyIPv4", ["10.0.0.1", "10.0.0.2"]),
        ("onlyIPv6", ["::1", "::2"]),
        ("any", ["::1", "10.0.0.1", "::2", "10.0.0.2"]),
    ],
)
async def test_policies(policy: str, taken: list[str]) -> None:
    names = Names("::1", "10.0.0.1", "::2", "10.0.0.2")
    resolver = Resolver(names.lookup, DnsOptions(select="first", policy=policy))
    assert await resolver.resolve(NAME) == taken


async def test_a_policy_that_leaves_no_address(make_client: MakeClient) -> None:
    resolver = Resolver(Names("10.0.0.1").lookup, DnsOptions(policy="onlyIPv6"))
    answer = await make_client(resolver=resolver).get(f"http://{NAME}/")
    assert (answer.error_code, answer.error) == (1101, "lookup: no such host")


async def test_new_connections_follow_a_name_that_moves_within_its_ttl(
    backends: Callable[[int], Awaitable[list[Server]]], make_client: MakeClient, fake_clock: Clock
) -> None:
    old, new = await backends(2)
    names = Names(old.host)
    resolver = Resolver(names.lookup, DnsOptions(ttl_ns=MINUTE_NS), now_ns=fake_clock.now_ns)
    client = make_client(resolver=resolver, no_connection_reuse=True)
    await one_each([client] * 5, old.port)
    names.addresses = [new.host]
    fake_clock.at_ns = MINUTE_NS - 1
    await one_each([client] * 5, old.port)
    assert loads([old, new]) == [10, 0]
    fake_clock.at_ns = MINUTE_NS
    await one_each([client] * 5, old.port)
    assert loads([old, new]) == [10, 5]
    assert names.asked == 2


async def test_an_answer_kept_for_ever(fake_clock: Clock) -> None:
    names = Names("10.0.0.1")
    resolver = Resolver(names.lookup, DnsOptions(ttl_ns=None), now_ns=fake_clock.now_ns)
    await resolver.resolve(NAME)
    fake_clock.at_ns = 10**6 * MINUTE_NS
    await resolver.resolve(NAME)
    assert names.asked == 1


async def test_a_backend_that_is_added_gets_its_share_when_connections_come_of_age(
    backends: Callable[[int], Awaitable[list[Server]]], make_client: MakeClient, fake_clock: Clock
) -> None:
    servers = await backends(4)
    names = Names(*(server.host for server in servers[:3]))
    resolver = Resolver(names.lookup, DnsOptions(ttl_ns=MINUTE_NS), now_ns=fake_clock.now_ns)
    clients = [
        make_client(resolver=resolver, connection_max_age_ns=2 * MINUTE_NS) for _ in range(24)
    ]
    await one_each(clients, servers[0].port)
    names.addresses.append(servers[3].host)
    fake_clock.at_ns = 2 * MINUTE_NS - 1
    await one_each(clients, servers[0].port)
    assert loads(servers) == [16, 16, 16, 0], "the connections are still young"
    fake_clock.at_ns = 2 * MINUTE_NS
    await one_each(clients, servers[0].port)
    assert loads(servers) == [22, 22, 22, 6]
    assert names.asked == 2


async def test_the_age_is_counted_from_the_opening_however_busy_the_connection(
    stage: Stage, make_client: MakeClient, fake_clock: Clock
) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url, connection_max_age_ns=10)
    for fake_clock.at_ns in range(20):
        assert (await client.get("/")).ok
    assert [len(peer.received) for peer in server.peers] == [10, 10]


async def test_a_connection_idle_for_too_long_is_not_used_again(
    stage: Stage, make_client: MakeClient, fake_clock: Clock
) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url, connection_max_idle_ns=10)
    for fake_clock.at_ns in (0, 9, 18, 28, 30):
        assert (await client.get("/")).ok
    assert [len(peer.received) for peer in server.peers] == [3, 2]


async def test_connections_that_have_gone_leave_nothing_behind(
    stage: Stage, make_client: MakeClient, fake_clock: Clock
) -> None:
    """However a connection ends, waiting callers included, its slot is free again."""
    server = await stage.serve(answering(response(200, Connection="close")))
    client = make_client(server.url, connection_max_age_ns=10, connections_per_host=2)
    for _ in range(3):
        fake_clock.at_ns += 11
        answers = await asyncio.gather(*(client.get("/") for _ in range(5)))
        assert all(answer.ok for answer in answers)
    host = client._pool.host(("http", "127.0.0.1", server.port))
    assert (host.taken, host.idle) == (0, [])
