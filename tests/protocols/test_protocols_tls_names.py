"""What a TLS server is told before the first request: its name, and the protocol to speak."""

from __future__ import annotations

import ssl
from functools import partial
from pathlib import Path

import pytest
import trustme
from scripted_server import MakeClient, Peer, Stage, answering, response

OK = response(200, b"ok")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(make_client: MakeClient, authority: trustme.CA, tmp_path: Path) -> MakeClient:
    """Make clients that trust the authority."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return partial(make_client, tls_ca_file=str(tmp_path / "authority.pem"))


def server_side(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_address_server_name_and_host_header_are_three_things(
    stage: Stage, trusting: MakeClient, authority: trustme.CA
) -> None:
    """`hosts` gives the address, the URL the server name, a header the virtual host."""
    asked_for: list[str | None] = []
    context = server_side(authority, "sni.example")
    context.sni_callback = lambda _, name, __: asked_for.append(name)
    server = await stage.serve(answering(OK), tls=context)
    client = trusting(hosts={"sni.example": f"127.0.0.1:{server.port}"})
    for _ in range(2):
        assert (await client.get("https://sni.example/", headers={"Host": "host.example"})).ok
    assert asked_for == ["sni.example"]
    assert [request.headers["host"] for request in server.requests] == ["host.example"] * 2


async def test_an_address_is_no_server_name(
    stage: Stage, trusting: MakeClient, authority: trustme.CA
) -> None:
    """RFC 6066, 3: literal addresses are not permitted in it."""
    asked_for: list[str | None] = []
    context = server_side(authority, "127.0.0.1")
    context.sni_callback = lambda _, name, __: asked_for.append(name)
    server = await stage.serve(answering(OK), tls=context)
    assert (await trusting(server.url).get("/")).ok
    assert asked_for in ([], [None])


@pytest.mark.parametrize(
    ("spoken", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), ([], None)]
)
async def test_http_1_1_is_what_it_offers_to_speak(
    stage: Stage,
    trusting: MakeClient,
    authority: trustme.CA,
    spoken: list[str],
    chosen: str | None,
) -> None:
    protocols: list[str | None] = []

    async def handle(peer: Peer) -> None:
        tls = peer.writer.get_extra_info("ssl_object")
        protocols.append(tls.selected_alpn_protocol())
        await peer.request()
        await peer.send(OK)

    context = server_side(authority, "127.0.0.1")
    if spoken:
        context.set_alpn_protocols(spoken)
    server = await stage.serve(handle, tls=context)
    client = trusting(server.url)
    assert (await client.get("/")).ok
    assert protocols == [chosen]
