"""Limits on connecting and on the TLS handshake, each with its own error."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, response

from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.units import NS_PER_MS

LIMIT_NS = 40 * NS_PER_MS


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A port that answers no SYN: its accept queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


async def test_a_server_that_does_not_accept(
    make_client: MakeClient, recorder: KeepingRecorder, silent_port: int
) -> None:
    client = make_client(connect_timeout_ns=LIMIT_NS)
    answer = await client.get(f"http://127.0.0.1:{silent_port}/")
    assert (answer.error_code, answer.error) == (1211, "dial: i/o timeout")
    assert recorder.last.connecting_ns >= LIMIT_NS
    assert recorder.last.failed
    host = client._pool.host(("http", "127.0.0.1", silent_port))
    assert host.taken == 0


async def test_a_name_that_is_not_answered(
    make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def lookup(host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    client = make_client(connect_timeout_ns=LIMIT_NS, resolver=Resolver(lookup))
    answer = await client.get("http://api.example/")
    assert (answer.error_code, answer.error) == (1100, "lookup: i/o timeout")
    # The limit began before the lookup, by as long as the machine let this process wait.
    assert answer.timings.duration_ns >= LIMIT_NS
    assert 0 < answer.timings.looking_up_ns <= answer.timings.duration_ns
    assert recorder.last.connecting_ns == -1


async def test_a_proxy_that_does_not_answer(stage: Stage, make_client: MakeClient) -> None:
    async def silent(peer: Peer) -> None:
        await peer.until_closed()

    proxy = await stage.serve(silent)
    client = make_client(connect_timeout_ns=LIMIT_NS, proxy=proxy.url)
    answer = await client.get("https://api.example/")
    assert (answer.error_code, answer.error) == (1211, "dial: i/o timeout")


async def test_a_server_that_accepts_and_does_not_shake_hands(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    closed = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.until_closed()
        closed.set()

    server = await stage.serve(silent)
    client = make_client(tls_handshake_timeout_ns=LIMIT_NS, connect_timeout_ns=10**10)
    answer = await client.get(f"https://127.0.0.1:{server.port}/")
    assert (answer.error_code, answer.error) == (1300, "tls: handshake timeout")
    assert recorder.last.tls_handshaking_ns >= LIMIT_NS
    assert recorder.last.sending_ns == -1
    await closed.wait()


async def test_limits_of_opening_do_not_limit_the_response(
    stage: Stage, make_client: MakeClient
) -> None:
    async def slow(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.06)
        await peer.send(response(200, b"ok"))

    server = await stage.serve(slow)
    client = make_client(server.url, connect_timeout_ns=LIMIT_NS, tls_handshake_timeout_ns=LIMIT_NS)
    assert (await client.get("/")).ok


async def test_the_total_limit_wins_if_it_is_shorter(
    make_client: MakeClient, silent_port: int
) -> None:
    client = make_client(connect_timeout_ns=10**10)
    answer = await client.get(f"http://127.0.0.1:{silent_port}/", timeout="30ms")
    assert answer.error_code == 1211
    assert answer.timings.duration_ns >= 30 * NS_PER_MS


async def test_a_refusal_is_no_timeout(make_client: MakeClient) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    answer = await make_client(connect_timeout_ns=10**10).get(f"http://127.0.0.1:{port}/")
    assert answer.error_code == 1212


async def test_the_limit_holds_over_all_addresses_of_a_name(
    stage: Stage, make_client: MakeClient, silent_port: int
) -> None:
    async def lookup(host: str) -> list[str]:
        return ["127.0.0.1", "127.0.0.1"]

    client = make_client(connect_timeout_ns=LIMIT_NS, resolver=Resolver(lookup))
    answer = await client.get(f"http://api.example:{silent_port}/")
    assert answer.error_code == 1211
