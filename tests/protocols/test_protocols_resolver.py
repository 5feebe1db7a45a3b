"""Name lookups: shared, remembered for a while, spread over the addresses."""

from __future__ import annotations

import asyncio
import socket

import pytest
from scripted_server import KeepingRecorder, MakeClient, Stage, answering, response

from atlas_perf.errors import PlanError
from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.resolver import Resolver, system_lookup
from atlas_perf.units import NS_PER_S

TTL_NS = 300 * NS_PER_S  # k6's default


class Names:
    """A name service that counts its questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []
        self.release: asyncio.Event | None = None

    async def lookup(self, host: str) -> list[str]:
        self.asked.append(host)
        if self.release is not None:
            await self.release.wait()
        return self.addresses


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_an_address_is_its_own_answer(address: str) -> None:
    names = Names()
    assert await Resolver(names.lookup).resolve(address) == [address]
    assert names.asked == []


async def test_dials_spread_evenly_and_ipv4_comes_first() -> None:
    resolver = Resolver(Names("::1", "10.0.0.1", "10.0.0.2", "10.0.0.1", "::2").lookup)
    answers = [await resolver.resolve("h") for _ in range(4)]
    assert answers[0] == ["10.0.0.1", "10.0.0.2", "::1", "::2"]
    assert answers[1] == ["10.0.0.2", "10.0.0.1", "::2", "::1"]
    assert [answer[0] for answer in answers] == ["10.0.0.1", "10.0.0.2"] * 2


async def test_an_answer_is_kept_for_its_time() -> None:
    now_ns = [0]
    names = Names("10.0.0.1")
    resolver = Resolver(names.lookup, now_ns=lambda: now_ns[0])
    await resolver.resolve("h")
    names.addresses = ["10.0.0.9"]
    now_ns[0] = TTL_NS - 1
    assert await resolver.resolve("h") == ["10.0.0.1"]
    now_ns[0] = TTL_NS
    assert await resolver.resolve("h") == ["10.0.0.9"]
    assert names.asked == ["h", "h"]


async def test_questions_at_once_are_one_question() -> None:
    names = Names("10.0.0.1")
    names.release = asyncio.Event()
    resolver = Resolver(names.lookup)
    asking = [asyncio.ensure_future(resolver.resolve("h")) for _ in range(5)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.sleep(0)
    names.release.set()
    results = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [["10.0.0.1"]] * 4
    assert names.asked == ["h"]


async def test_a_failure_is_not_remembered() -> None:
    names = Names()
    resolver = Resolver(names.lookup)
    with pytest.raises(RequestFailure, match="no such host"):
        await resolver.resolve("h")
    names.addresses = ["10.0.0.1"]
    assert await resolver.resolve("h") == ["10.0.0.1"]


async def test_a_name_that_cannot_be_one() -> None:
    with pytest.raises(RequestFailure, match="no such host") as raised:
        await Resolver(system_lookup).resolve("a" * 64)
    assert raised.value.code == 1101


async def test_the_systems_own_lookup() -> None:
    assert "127.0.0.1" in await system_lookup("localhost")
    with pytest.raises(socket.gaierror):
        await system_lookup("")


async def test_the_next_address_is_tried_if_one_refuses(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(200)))
    resolver = Resolver(Names("127.0.0.9", "127.0.0.1").lookup)
    client = make_client(resolver=resolver)
    answer = await client.get(f"http://two.example:{server.port}/")
    assert answer.ok
    assert server.requests[0].headers["host"] == f"two.example:{server.port}"
    assert len(recorder.requests) == 1


@pytest.mark.parametrize("key", ["api.example", "api.example:81", "API.example:81"])
async def test_the_hosts_option(stage: Stage, make_client: MakeClient, key: str) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(hosts={key: f"127.0.0.1:{server.port}"})
    assert (await client.get("http://api.example:81/")).ok
    assert server.requests[0].headers["host"] == "api.example:81"


async def test_the_hosts_option_without_a_port_keeps_that_of_the_url(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(hosts={"api.example": "127.0.0.1", "other.example:1": "10.0.0.1"})
    assert (await client.get(f"http://api.example:{server.port}/")).ok


@pytest.mark.parametrize("address", ["[::1]:80", "::1", "[::1]", "h", "h:1", "10.0.0.1:80"])
def test_forms_of_an_address(make_client: MakeClient, address: str) -> None:
    make_client(hosts={"a.example": address})


@pytest.mark.parametrize("address", ["", "h:port", "h:", "[::1", "h i", "[::1]:"])
def test_what_is_no_address(make_client: MakeClient, address: str) -> None:
    with pytest.raises(PlanError, match="is no address: write '10"):
        make_client(hosts={"a.example": address})
