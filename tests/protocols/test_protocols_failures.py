"""Every way to get no usable response: counted, coded as k6 does, timed truly, never a hang."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    Recorded,
    Stage,
    answering,
    response,
    until,
)

from atlas_perf import clock
from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.units import NS_PER_MS


def assert_failure(sample: Recorded, code: int, error: str) -> None:
    assert sample.failed
    assert sample.tags["status"] == "0"
    assert sample.tags["expected_response"] == "false"
    assert sample.tags["error_code"] == str(code)
    assert sample.tags["error"] == error
    assert "proto" not in sample.tags
    phases = [
        sample.blocked_ns,
        sample.connecting_ns,
        sample.tls_handshaking_ns,
        sample.sending_ns,
        sample.waiting_ns,
        sample.receiving_ns,
    ]
    assert sample.duration_ns == sum(phase for phase in phases if phase != -1) > 0


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


async def test_refused(make_client: MakeClient, recorder: KeepingRecorder) -> None:
    before_ns = clock.now_ns()
    answer = await make_client().get(f"http://127.0.0.1:{closed_port()}/")
    assert (answer.status, answer.error_code, answer.ok) == (0, 1212, False)
    assert_failure(recorder.last, 1212, "dial: connection refused")
    assert recorder.last.connecting_ns > 0
    assert recorder.last.sending_ns == recorder.last.waiting_ns == -1
    assert before_ns + recorder.last.duration_ns <= recorder.last.at_ns <= clock.now_ns()
    assert recorder.added == []


async def test_no_such_host(make_client: MakeClient, recorder: KeepingRecorder) -> None:
    async def lookup(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    answer = await make_client(resolver=Resolver(lookup)).get("http://nowhere.example/")
    assert answer.error_code == 1101
    assert_failure(recorder.last, 1101, "lookup: no such host")
    assert recorder.last.connecting_ns == -1


async def test_lookup_failure(make_client: MakeClient, recorder: KeepingRecorder) -> None:
    async def lookup(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    await make_client(resolver=Resolver(lookup)).get("http://somewhere.example/")
    assert_failure(recorder.last, 1100, "lookup: Temporary failure in name resolution")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/relative", "it names no host; give a whole URL or set a base URL"),
        ("http:///path", "it names no host; give a whole URL or set a base URL"),
        ("http://:80/", "its host is empty"),
        ("http://host:99999/", "its host or port cannot be read"),
        ("http://host:0/", "its port is 0"),
        ("http://ho st/", "its host is not a name"),
        ("http://a..b/", "its host is not a name"),
        ("http://[::1/", "its host or port cannot be read"),
        ("gopher://host/", "its scheme is neither http nor https"),
        ("http://host/a\r\nX: 1", "it contains a control character"),
        ("http://host/\x00", "it contains a control character"),
        ("http://user:se/cret@host/", "its host or port cannot be read"),
    ],
)
async def test_malformed_urls(
    make_client: MakeClient, recorder: KeepingRecorder, url: str, reason: str
) -> None:
    answer = await make_client().get(url)
    assert answer.error_code == 1020
    assert_failure(recorder.last, 1020, f"invalid URL: {reason}")
    assert "cret" not in repr((answer, recorder.requests))


async def test_timeout_while_waiting_counts_at_its_limit(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def never(peer: Peer) -> None:
        await peer.request()
        await peer.until_closed()

    server = await stage.serve(never)
    answer = await make_client(server.url).get("/", timeout="60ms")
    assert answer.error_code == 1050
    assert_failure(recorder.last, 1050, "request timeout")
    assert 60 * NS_PER_MS <= recorder.last.duration_ns < 1000 * NS_PER_MS
    assert recorder.last.waiting_ns > 0
    assert recorder.last.receiving_ns == -1
    assert recorder.total("data_sent") == len(server.requests[0].raw_head)


async def test_timeout_within_the_body(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def stall(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await peer.until_closed()

    server = await stage.serve(stall)
    client = make_client(server.url, timeout_ns=60 * NS_PER_MS)
    answer = await client.get("/")
    assert (answer.status, answer.error_code) == (0, 1050)
    assert_failure(recorder.last, 1050, "request timeout")
    assert recorder.last.receiving_ns > 0
    assert recorder.last.duration_ns >= 60 * NS_PER_MS


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


async def test_dial_timeout(
    make_client: MakeClient, recorder: KeepingRecorder, silent_port: int
) -> None:
    answer = await make_client().get(f"http://127.0.0.1:{silent_port}/", timeout="50ms")
    assert answer.error_code == 1211
    assert_failure(recorder.last, 1211, "dial: i/o timeout")
    assert recorder.last.connecting_ns > 0
    assert recorder.last.sending_ns == -1


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (b"", "connection closed before the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "connection closed within the response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd", "connection closed within"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "closed within"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "closed within"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "connection closed within the response"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "malformed response: it does not begin with HTTP/"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "malformed response: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "malformed response: "),
        (b"HTTP/1.1 200 OK\r\nA\x00b: c\r\n\r\n", "malformed response: "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed response: "),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "malformed response: Transfer-Encoding can't be present with Content-Length",
        ),
    ],
)
async def test_unusable_responses(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, reply: bytes, error: str
) -> None:
    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply)

    server = await stage.serve(handle)
    answer = await make_client(server.url).get("/")
    assert answer.status == 0
    assert answer.error_code == 1000
    assert error in answer.error
    assert_failure(recorder.last, 1000, answer.error)
    assert len(recorder.requests) == 1
    assert recorder.total("data_received") == len(reply)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\na body that ends with the connection, but not like this",
    ],
)
async def test_reset(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, reply: bytes
) -> None:
    async def handle(peer: Peer) -> None:
        await peer.request()
        if reply:
            await peer.send(reply)
            # A reset destroys what was not read yet.
            await until(lambda: any(held.received_bytes for held in client._pool.in_use))
        peer.reset()

    server = await stage.serve(handle)
    client = make_client(server.url)
    answer = await client.get("/")
    where = "within" if reply else "before"
    assert answer.error_code == 1220
    assert_failure(recorder.last, 1220, f"connection reset by peer {where} the response")


async def test_a_failed_body_upload_counts_what_left(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def never_read(peer: Peer) -> None:
        peer.writer.transport.pause_reading()
        await asyncio.sleep(60)

    server = await stage.serve(never_read)
    size = 50_000_000
    answer = await make_client(server.url).post("/", bytes(size), timeout="80ms")
    assert answer.error_code == 1050
    assert 0 < recorder.total("data_sent") < size
    assert recorder.last.sending_ns > 0
    assert recorder.last.waiting_ns == -1


async def test_refusals_and_timeouts_leave_the_successes_alone(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    """429s, truncated bodies and hangs in one mix: each its own outcome, none in the success."""
    turns = iter(range(100))

    async def mixed(peer: Peer) -> None:
        while True:
            await peer.request()
            turn = next(turns) % 5
            if turn == 0:
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
                return
            if turn == 1:
                await peer.until_closed()
                return
            await peer.send(response(429) if turn in {2, 3} else response(200, b"ok"))

    server = await stage.serve(mixed)
    client = make_client(server.url)
    for _ in range(20):
        await client.post("/", timeout="30ms")
    assert len(recorder.requests) == 20
    outcomes = [sample.tags.get("error_code", "ok") for sample in recorder.requests]
    assert {kind: outcomes.count(kind) for kind in set(outcomes)} == {
        "1000": 4,
        "1050": 4,
        "1429": 8,
        "ok": 4,
    }
    for sample in recorder.requests:
        assert sample.failed is (sample.tags["expected_response"] == "false")
        assert sample.failed is (sample.tags["status"] != "200")
        if sample.tags.get("error_code") == "1050":
            assert sample.duration_ns >= 30 * NS_PER_MS


async def test_the_error_text_names_no_address(
    make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    port = closed_port()
    await make_client().get(f"http://127.0.0.1:{port}/")
    assert str(port) not in recorder.last.tags["error"]
    assert "127.0.0.1" not in recorder.last.tags["error"]


async def test_a_server_that_answers_with_endless_interim_responses(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(b"HTTP/1.1 102 Processing\r\n\r\n" * 101))
    answer = await make_client(server.url).get("/")
    assert answer.error == "malformed response: more interim responses than the limit"


async def test_failures_and_successes_share_their_url_tag(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    turns = iter([response(200), b""])

    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(next(turns))

    server = await stage.serve(handle)
    client = make_client(f"http://user:secret@127.0.0.1:{server.port}")
    await client.post("/mail/a@b?c=d#part")
    await client.post("/mail/a@b?c=d#part")
    assert [sample.failed for sample in recorder.requests] == [False, True]
    assert {s.tags["url"] for s in recorder.requests} == {f"{server.url}/mail/a@b?c=d"}
