"""Requests through a proxy that does what proxies do, in front of real servers."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    Server,
    Stage,
    answering,
    response,
)

from atlas_perf.errors import PlanError
from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.http.proxy import Proxies
from atlas_perf.protocols.http.urls import parse_target

OK = response(200, b"ok")


class TunnelProxy:
    """Opens tunnels to one server, wherever the client wants to go; notes what it was asked."""

    def __init__(self, port: int, delay_s: float = 0.0) -> None:
        self._port = port
        self._delay_s = delay_s
        self.heads: list[str] = []

    async def __call__(self, peer: Peer) -> None:
        self.heads.append((await peer.reader.readuntil(b"\r\n\r\n")).decode())
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.sleep(self._delay_s)
            await peer.send(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            await asyncio.gather(_pump(peer.reader, writer), _pump(reader, peer.writer))
        finally:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
async def secured(stage: Stage, authority: trustme.CA) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example").configure_cert(context)
    return await stage.serve(answering(OK), tls=context)


async def test_plain_http_has_the_whole_url_in_its_first_line(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    proxy = await stage.serve(answering(OK))
    client = make_client("http://api.example:81", proxy=proxy.url.replace("//", "//me:p%40ss@"))
    for _ in range(3):
        assert (await client.get("/a?b=c")).ok
    assert [request.path for request in proxy.requests] == ["http://api.example:81/a?b=c"] * 3
    headers = proxy.requests[2].headers
    assert headers["host"] == "api.example:81"
    assert headers["proxy-authorization"] == "Basic bWU6cEBzcw=="
    assert len(proxy.peers) == 1
    assert recorder.last.tags["url"] == "http://api.example:81/a?b=c"


async def test_https_goes_through_a_tunnel_whose_opening_is_connecting(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    secured: Server,
    ca_file: str,
) -> None:
    tunnel = TunnelProxy(secured.port, delay_s=0.05)
    proxy = await stage.serve(tunnel)
    client = make_client(proxy=proxy.url.replace("//", "//me:pw@"), tls_ca_file=ca_file)
    for _ in range(2):
        answer = await client.get("https://api.example/x")
        assert (answer.body, answer.tls_version) == (b"ok", "tls1.3")
    assert tunnel.heads == [
        "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n"
        "Proxy-Authorization: Basic bWU6cHc=\r\n\r\n"
    ]
    assert [request.path for request in secured.requests] == ["/x", "/x"]
    assert "proxy-authorization" not in secured.requests[0].headers
    first = recorder.requests[0]
    assert first.connecting_ns >= 48_000_000
    assert first.duration_ns < first.connecting_ns


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (response(407), "proxy: CONNECT answered 407"),
        (b"HTTP/1.1 502 Bad\r\n\r\n", "proxy: CONNECT answered 502"),
        (b"SSH-2.0-server\r\n\r\n", "proxy: no answer to CONNECT"),
        (b"HTTP/1.1 200 OK\r\n", "proxy: no answer to CONNECT"),
        (b"HTTP/1.1 200 OK\r\n\r\nearly", "proxy: bytes after the answer to CONNECT"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000, "proxy: no answer to CONNECT"),
    ],
    ids=["407", "502", "no HTTP", "cut", "early bytes", "endless"],
)
async def test_a_proxy_that_opens_no_tunnel(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, answer: bytes, error: str
) -> None:
    async def refuse(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(answer)
        peer.writer.close()
        await peer.writer.wait_closed()

    proxy = await stage.serve(refuse)
    result = await make_client(proxy=proxy.url).get("https://api.example/")
    assert (result.status, result.error_code, result.error) == (0, 1000, error)
    assert recorder.last.connecting_ns > 0
    assert recorder.last.tls_handshaking_ns == -1


async def test_a_proxy_that_says_nothing_times_out_as_a_dial(
    stage: Stage, make_client: MakeClient
) -> None:
    closed = asyncio.Event()

    async def silent(peer: Peer) -> None:
        await peer.until_closed()
        closed.set()

    proxy = await stage.serve(silent)
    result = await make_client(proxy=proxy.url).get("https://api.example/", timeout="50ms")
    assert result.error_code == 1211
    await closed.wait()


PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://api.example/", 3128),
        ("https://api.example/", 3129),
        ("http://internal.example/", None),
        ("http://a.internal.example:8080/", None),
        ("http://notinternal.example/", 3128),
        ("http+unix://%2Fa/", None),
    ],
)
def test_the_environments_proxies(
    environment: pytest.MonkeyPatch, url: str, port: int | None
) -> None:
    environment.setenv("HTTP_PROXY", "http://proxy.example:3128")
    environment.setenv("https_proxy", "proxy.example:3129")
    environment.setenv("NO_PROXY", "internal.example, other")
    target = parse_target(url)
    chosen = Proxies(HttpOptions(proxy_from_environment=True)).proxy_for(target)
    assert (chosen.port if chosen else None) == port
    assert Proxies(HttpOptions()).proxy_for(target) is None


@pytest.mark.parametrize("text", ["https://proxy", "socks5://proxy", "http://", "http://a:x"])
def test_a_proxy_of_another_kind_is_refused(environment: pytest.MonkeyPatch, text: str) -> None:
    environment.setenv("HTTPS_PROXY", text)
    with pytest.raises(PlanError, match="HTTPS_PROXY is no HTTP proxy: write http://host:port"):
        Proxies(HttpOptions(proxy_from_environment=True))
