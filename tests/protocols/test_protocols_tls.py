"""TLS with verification on, timed on its own, and every way the handshake can fail."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf import clock
from atlas_perf.protocols.http.resolver import Resolver
from atlas_perf.protocols.http.tls import tls_context

OK = response(200, b"ok")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch, fresh_tls_context: None
) -> trustme.CA:
    """An authority that SSL_CERT_FILE names."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    return authority


def server_side(authority: trustme.CA, *names: str, **times: datetime.datetime) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **times).configure_cert(context)
    return context


async def test_a_verified_connection_is_timed_and_tagged(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    server = await stage.serve(answering(OK), tls=server_side(trusted, "127.0.0.1"))
    client = make_client(server.url)
    first = await client.get("/")
    second = await client.get("/")
    assert (first.body, first.tls_version) == (b"ok", "tls1.3")
    assert second.ok
    assert len(server.peers) == 1
    fresh, kept = recorder.requests
    assert fresh.tags["tls_version"] == kept.tags["tls_version"] == "tls1.3"
    assert fresh.tls_handshaking_ns > 0
    assert fresh.connecting_ns > 0
    assert (kept.connecting_ns, kept.tls_handshaking_ns) == (-1, -1)
    assert fresh.duration_ns == fresh.service_ns


async def test_a_slow_handshake_is_not_connecting_and_not_service(
    make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    """The server's side of the handshake begins only 50 ms after it has accepted."""
    context = server_side(trusted, "127.0.0.1")
    loop = asyncio.get_running_loop()

    async def handshake_late(listening: socket.socket) -> None:
        accepted, _ = await loop.sock_accept(listening)
        await asyncio.sleep(0.05)
        reader = asyncio.StreamReader()
        secured, _ = await loop.connect_accepted_socket(
            lambda: asyncio.StreamReaderProtocol(reader), accepted, ssl=context
        )
        await reader.readuntil(b"\r\n\r\n")
        secured.write(OK)
        await reader.read()
        secured.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        serving = asyncio.create_task(handshake_late(listening))
        client = make_client()
        answer = await client.get(f"https://127.0.0.1:{listening.getsockname()[1]}/")
        await client.close()
        await serving
    assert answer.error == ""
    sample = recorder.last
    assert sample.tls_handshaking_ns >= 48_000_000
    assert sample.connecting_ns < sample.tls_handshaking_ns
    assert sample.duration_ns < sample.tls_handshaking_ns


async def test_an_unknown_authority_is_refused(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    stranger = server_side(trustme.CA(), "127.0.0.1")
    server = await stage.serve(answering(OK), tls=stranger)
    answer = await make_client(server.url).get("/")
    assert (answer.status, answer.error_code) == (0, 1310)
    assert answer.error == "x509: unknown authority"
    assert recorder.last.tls_handshaking_ns > 0
    assert recorder.last.sending_ns == -1
    assert recorder.last.failed
    assert server.requests == []


@pytest.mark.parametrize("name", ["127.0.0.2", "other.example"])
async def test_a_certificate_for_another_host_is_refused(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA, name: str
) -> None:
    server = await stage.serve(answering(OK), tls=server_side(trusted, name))

    async def lookup(host: str) -> list[str]:
        return ["127.0.0.1"]

    client = make_client(resolver=Resolver(lookup))
    for host in ("127.0.0.1", "api.example"):
        answer = await client.get(f"https://{host}:{server.port}/")
        assert (answer.error_code, answer.error) == (
            1311,
            "x509: certificate doesn't match hostname",
        )
    assert server.requests == []


async def test_an_expired_certificate_is_refused(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA
) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    server = await stage.serve(
        answering(OK), tls=server_side(trusted, "127.0.0.1", not_after=yesterday)
    )
    answer = await make_client(server.url).get("/")
    assert (answer.error_code, answer.error) == (1300, "x509: certificate has expired")


async def test_verification_is_on_by_default_and_can_be_switched_off(
    stage: Stage, make_client: MakeClient, fresh_tls_context: None
) -> None:
    server = await stage.serve(answering(OK), tls=server_side(trustme.CA(), "elsewhere.example"))
    assert (await make_client(server.url).get("/")).error_code in {1310, 1311}
    assert (await make_client(server.url, insecure_skip_tls_verify=True).get("/")).body == b"ok"


async def test_a_server_that_speaks_no_tls(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    async def plain(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await peer.until_closed()

    server = await stage.serve(plain)
    answer = await make_client().get(f"https://127.0.0.1:{server.port}/")
    assert answer.error_code == 1300
    assert answer.error == "tls: wrong version number"
    assert recorder.last.tls_handshaking_ns > 0


async def test_a_server_that_hangs_up_in_the_handshake(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA
) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.reader.read(1)
        peer.reset()

    server = await stage.serve(hang_up)
    answer = await make_client().get(f"https://127.0.0.1:{server.port}/")
    assert answer.error_code in {1220, 1300}
    assert answer.error.startswith("tls: connection ")


async def test_a_handshake_that_never_ends_times_out(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    closed = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.until_closed()
        closed.set()

    server = await stage.serve(silent)
    answer = await make_client().get(f"https://127.0.0.1:{server.port}/", timeout="50ms")
    assert answer.error_code == 1050
    assert recorder.last.duration_ns >= 50_000_000
    assert recorder.last.tls_handshaking_ns > 0
    await closed.wait()


async def test_the_hosts_option_keeps_name_and_certificate(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA
) -> None:
    server = await stage.serve(answering(OK), tls=server_side(trusted, "api.example"))
    client = make_client(hosts={"API.example": f"127.0.0.1:{server.port}"})
    assert (await client.get("https://api.example/x")).body == b"ok"
    assert server.requests[0].headers["host"] == "api.example"


async def test_a_truncated_body_over_tls(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA
) -> None:
    async def cut(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")

    server = await stage.serve(cut, tls=server_side(trusted, "127.0.0.1"))
    answer = await make_client(server.url).get("/")
    assert answer.status == 0
    assert answer.error.endswith("within the response")


async def test_a_large_upload_over_tls(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    server = await stage.serve(answering(OK), tls=server_side(trusted, "127.0.0.1"))
    body = bytes(3_000_000)
    client = make_client(server.url)
    assert (await client.post("/", body)).ok
    assert (await client.get("/")).ok
    assert server.requests[0].body == body
    assert len(server.peers) == 1
    assert all(sample.waiting_ns >= 0 < sample.sending_ns for sample in recorder.requests)


def test_one_context_for_all() -> None:
    assert tls_context(verify=True) is tls_context(verify=True)
    assert tls_context(verify=True).check_hostname
    assert tls_context(verify=True).verify_mode is ssl.CERT_REQUIRED


async def test_loading_the_trust_store_is_no_handshake(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    trusted: trustme.CA,
    monkeypatch,
) -> None:
    """Whatever it takes happens before the first socket is opened."""
    server = await stage.serve(answering(OK), tls=server_side(trusted, "127.0.0.1"))
    create, loaded_ns = ssl.create_default_context, []

    def observed() -> ssl.SSLContext:
        context = create()
        loaded_ns.append(clock.now_ns())
        return context

    monkeypatch.setattr(ssl, "create_default_context", observed)
    assert (await make_client().get(server.url)).ok
    sample = recorder.last
    sent_ns = sample.at_ns - sample.duration_ns
    assert loaded_ns[0] <= sent_ns - sample.tls_handshaking_ns - sample.connecting_ns
    assert len(loaded_ns) == 1


async def test_a_dead_kept_connection_is_replaced_under_tls_too(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, trusted: trustme.CA
) -> None:
    async def handle(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()  # and close

    server = await stage.serve(handle, tls=server_side(trusted, "127.0.0.1"))
    client = make_client(server.url)
    assert (await client.get("/")).ok
    assert (await client.get("/")).ok
    assert [len(peer.received) for peer in server.peers] == [2, 1]
    assert recorder.last.tls_handshaking_ns > 0


async def test_a_body_that_ends_with_the_tls_connection(
    stage: Stage, make_client: MakeClient, trusted: trustme.CA
) -> None:
    async def until_close(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n", b"abc")
        peer.writer.close()
        await peer.writer.wait_closed()

    server = await stage.serve(until_close, tls=server_side(trusted, "127.0.0.1"))
    answer = await make_client(server.url).get("/")
    assert (answer.status, answer.body, answer.error) == (200, b"abc", "")
