"""Certificates of the client, authorities of a file, and names that differ from the URL's."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from scripted_server import MakeClient, Peer, Server, Stage, response

from atlas_perf.model.plan import ClientCertificate, HttpOptions
from atlas_perf.protocols.http.tls import TlsSettings

OK = response(200, b"ok")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def own(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> ClientCertificate:
    folder = tmp_path_factory.mktemp("own")
    issued = authority.issue_cert("user@client.example")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return ClientCertificate(str(folder / "cert.pem"), str(folder / "key.pem"))


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    return str(file)


class AskingServer:
    """Asks for a certificate without insisting, and notes what it was shown and called."""

    def __init__(self, authority: trustme.CA, *names: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(self.context)
        authority.configure_trust(self.context)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.sni_callback = lambda _tls, name, _context: self.called.append(name)
        self.called: list[str | None] = []
        self.shown: list[bool] = []

    async def __call__(self, peer: Peer) -> None:
        self.shown.append(bool(peer.writer.get_extra_info("peercert")))
        while True:
            await peer.request()
            await peer.send(OK)

    async def listen(self, stage: Stage) -> Server:
        return await stage.serve(self, tls=self.context)


async def test_a_file_of_authorities_is_trusted_besides_the_systems(
    stage: Stage, make_client: MakeClient, authority: trustme.CA, ca_file: str
) -> None:
    server = await AskingServer(authority, "127.0.0.1").listen(stage)
    assert (await make_client().get(server.url)).error_code == 1310
    assert (await make_client(tls_ca_file=ca_file).get(server.url)).ok
    context = TlsSettings(HttpOptions(tls_ca_file=ca_file)).context_for("a")
    assert context.cert_store_stats()["x509_ca"] > 1, "the system's are still there"


@pytest.mark.parametrize(
    ("domains", "shown"),
    [
        ((), True),
        (("api.client.example",), True),
        (("other.example", "*.client.example"), True),
        (("*.example",), False),
        (("client.example",), False),
    ],
)
async def test_a_certificate_is_shown_to_its_domains(
    stage: Stage,
    make_client: MakeClient,
    authority: trustme.CA,
    own: ClientCertificate,
    ca_file: str,
    *,
    domains: tuple[str, ...],
    shown: bool,
) -> None:
    asking = AskingServer(authority, "api.client.example")
    server = await asking.listen(stage)
    client = make_client(
        tls_ca_file=ca_file,
        tls_auth=(ClientCertificate(own.cert, own.key, None, domains),),
        hosts={"api.client.example": f"127.0.0.1:{server.port}"},
    )
    answer = await client.get("https://api.client.example/")
    assert answer.ok
    assert asking.shown == [shown]


async def test_a_server_that_insists_refuses_who_has_none(
    stage: Stage, make_client: MakeClient, authority: trustme.CA, ca_file: str
) -> None:
    asking = AskingServer(authority, "127.0.0.1")
    asking.context.verify_mode = ssl.CERT_REQUIRED
    # Under TLS 1.3 the client's handshake is over before the server can refuse it.
    asking.context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = await asking.listen(stage)
    answer = await make_client(tls_ca_file=ca_file).get(server.url)
    assert (answer.status, answer.error_code) == (0, 1300)


async def test_a_host_header_of_its_own_leaves_sni_to_the_url(
    stage: Stage, make_client: MakeClient, authority: trustme.CA, ca_file: str
) -> None:
    asking = AskingServer(authority, "api.example")
    server = await asking.listen(stage)
    client = make_client(tls_ca_file=ca_file, hosts={"api.example": f"127.0.0.1:{server.port}"})
    answer = await client.get("https://api.example/", headers={"Host": "tenant.example"})
    assert answer.ok
    assert asking.called == ["api.example"]
    assert server.requests[0].headers["host"] == "tenant.example"
