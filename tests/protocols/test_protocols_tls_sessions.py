"""A user's later connections resume its session; nobody else's do. And the fast way under TLS."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path

import pytest
import trustme
from scripted_server import KeepingRecorder, MakeClient, Peer, Server, Stage, answering, response
from tls_server_end import server_context

from atlas_perf.protocols.http.client import HttpClient

OK = response(200, b"ok")
CLOSING = response(200, b"ok", Connection="close")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(make_client: MakeClient, authority: trustme.CA, tmp_path: Path) -> MakeClient:
    """Makes clients that trust the authority."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    return partial(make_client, tls_ca_file=str(file))


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name)
def context(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    context = server_context(authority, "127.0.0.1")
    context.maximum_version = request.param
    return context


def resumed(context: ssl.SSLContext) -> int:
    """Handshakes of a server that went on with a session of before."""
    return context.session_stats()["hits"]


async def test_later_connections_of_a_user_resume(
    stage: Stage,
    trusting: MakeClient,
    recorder: KeepingRecorder,
    context: ssl.SSLContext,
) -> None:
    server = await stage.serve(answering(CLOSING), tls=context)
    client = trusting(server.url)
    for _ in range(4):
        assert (await client.get("/")).ok
    assert len(server.peers) == 4
    assert resumed(context) == 3
    assert all(sample.tls_handshaking_ns > 0 for sample in recorder.requests)


async def test_a_connection_that_is_still_open_gives_its_session(
    stage: Stage, trusting: MakeClient, context: ssl.SSLContext
) -> None:
    """A second connection beside the first, which has its ticket since its first response."""
    client: HttpClient

    async def nested(peer: Peer) -> None:
        while True:
            request = await peer.request()
            if request.path == "/outer":
                assert (await client.get("/inner")).ok
            await peer.send(OK)

    server = await stage.serve(nested, tls=context)
    client = trusting(server.url)
    assert (await client.get("/")).ok
    assert (await client.get("/outer")).ok
    assert len(server.peers) == 2
    assert resumed(context) == 1


async def test_users_do_not_share_sessions(
    stage: Stage, trusting: MakeClient, context: ssl.SSLContext
) -> None:
    server = await stage.serve(answering(CLOSING), tls=context)
    for _ in range(3):
        assert (await trusting(server.url).get("/")).ok
    assert resumed(context) == 0


async def test_who_does_not_reuse_connections_does_not_resume(
    stage: Stage, trusting: MakeClient, context: ssl.SSLContext
) -> None:
    server = await stage.serve(answering(OK), tls=context)
    client = trusting(server.url, no_connection_reuse=True)
    for _ in range(3):
        assert (await client.get("/")).ok
    assert len(server.peers) == 3
    assert resumed(context) == 0


async def test_a_new_iteration_without_connection_reuse_is_a_new_user(
    stage: Stage, trusting: MakeClient, context: ssl.SSLContext
) -> None:
    server = await stage.serve(answering(CLOSING), tls=context)
    client = trusting(server.url, no_vu_connection_reuse=True)
    for _ in range(3):
        client.begin_iteration()
        for _ in range(2):
            assert (await client.get("/")).ok
    assert resumed(context) == 3


async def test_a_server_that_has_forgotten_the_session_starts_afresh(
    stage: Stage, trusting: MakeClient, authority: trustme.CA
) -> None:
    first = await stage.serve(answering(CLOSING), tls=server_context(authority, "api.example"))
    context = server_context(authority, "api.example")
    second = await stage.serve(answering(OK), tls=context)
    where = {"api.example:443": f"127.0.0.1:{first.port}"}
    client = trusting("https://api.example", hosts=where)
    assert (await client.get("/")).ok
    client._setup.dialer._hosts["api.example:443"] = ("127.0.0.1", second.port)
    assert (await client.get("/")).ok
    assert resumed(context) == 0


async def test_a_kept_connection_goes_the_fast_way(
    stage: Stage,
    trusting: MakeClient,
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
    recorder: KeepingRecorder,
) -> None:
    server = await stage.serve(answering(OK), tls=context)
    client = trusting(server.url)
    slow = await client.post("/", json={"a": 1})
    monkeypatch.setattr(HttpClient, "_request", None)
    fast = await client.post("/", json={"a": 22})
    assert (fast.body, fast.tls_version) == (b"ok", slow.tls_version)
    assert (
        fast.tls_version == {"TLSv1_2": "tls1.2", "TLSv1_3": "tls1.3"}[context.maximum_version.name]
    )
    assert recorder.requests[0].tags == recorder.requests[1].tags
    assert [request.body for request in server.requests] == [b'{"a":1}', b'{"a":22}']


@pytest.mark.parametrize("cookies", [None, {"own": "cookie"}], ids=["fast", "slow"])
async def test_a_kept_connection_that_the_server_takes_leave_of_is_replaced(
    stage: Stage,
    trusting: MakeClient,
    context: ssl.SSLContext,
    cookies: dict[str, str] | None,
) -> None:
    """close_notify is no part of a response: the request may be repeated, on either way."""

    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        if len(server.peers) == 1:
            await peer.request()
            peer.writer.close()
        await peer.until_closed()

    server = await stage.serve(once, tls=context)
    client = trusting(server.url)
    assert (await client.get("/")).ok
    assert (await client.get("/", cookies=cookies)).error == ""
    assert [len(peer.received) for peer in server.peers] == [2, 1]


async def test_a_failure_on_the_fast_way_has_its_version_too(
    stage: Stage,
    trusting: MakeClient,
    recorder: KeepingRecorder,
    authority: trustme.CA,
) -> None:
    async def cut(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(OK[:-1])

    server = await stage.serve(cut, tls=server_context(authority, "127.0.0.1"))
    client = trusting(server.url)
    assert (await client.get("/")).ok
    failed = await client.get("/")
    assert (failed.status, failed.error_code, failed.tls_version) == (0, 1000, "tls1.3")
    assert recorder.last.tags["tls_version"] == "tls1.3"
    assert len(server.peers) == 1


async def test_versions_of_one_origin_are_series_of_their_own(
    stage: Stage,
    trusting: MakeClient,
    recorder: KeepingRecorder,
    authority: trustme.CA,
) -> None:
    """Connections of one user to servers behind one name, on the fast way."""
    servers: list[Server] = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = server_context(authority, "api.example")
        context.maximum_version = version

        async def twice(peer: Peer) -> None:
            for answer in (OK, OK, CLOSING):
                await peer.request()
                await peer.send(answer)

        servers.append(await stage.serve(twice, tls=context))
    client = trusting("https://api.example")
    for server in servers:
        client._setup.dialer._hosts["api.example"] = ("127.0.0.1", server.port)
        for _ in range(3):
            assert (await client.get("/")).ok
    versions = [sample.tags["tls_version"] for sample in recorder.requests]
    assert versions == ["tls1.2"] * 3 + ["tls1.3"] * 3
