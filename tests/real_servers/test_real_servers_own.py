"""What only one of the servers can: sockets, certificates, proxies, digests, early hints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme
from apache import APACHE, PASSWORD, USER
from keeping_recorder import KeepingRecorder
from launching import RealServer
from nginx import NGINX
from node import NODE
from served_site import HELLO, PAGE, Site

from atlas_perf import DigestAuth
from atlas_perf.model.plan import ClientCertificate
from atlas_perf.protocols.http.client import HttpClient

Start = Callable[[RealServer], Site]
MakeClient = Callable[..., HttpClient]

pytestmark = pytest.mark.real_servers


async def test_a_unix_socket_of_nginx(start: Start, make_client: MakeClient) -> None:
    site = start(NGINX)
    client = make_client(site, f"http+unix://{quote(str(site.socket), safe='')}")
    for _ in range(2):
        assert (await client.get("/hello.txt")).body == HELLO


async def test_nginx_takes_a_client_certificate_over_ipv6(
    start: Start, make_client: MakeClient, authority: trustme.CA, tmp_path: Path
) -> None:
    site = start(NGINX)
    pem = tmp_path / "client.pem"
    authority.issue_cert("user@load.example").private_key_and_cert_chain_pem.write_to_path(pem)
    shown = ClientCertificate(str(pem), str(pem))
    url = f"https://[::1]:{site.extra_port}"
    assert (await make_client(site, url, tls_auth=(shown,)).get("/hello.txt")).body == HELLO
    refused = await make_client(site, url).get("/hello.txt")
    assert (refused.status, refused.error_code) == (400, 1400)


@pytest.mark.parametrize("scheme", ["http", "https"], ids=["plain", "tunnel"])
async def test_apache_as_a_proxy_that_asks_for_a_password(
    start: Start, make_client: MakeClient, recorder: KeepingRecorder, scheme: str
) -> None:
    proxy, site = start(APACHE), start(NODE)
    credentials = f"{USER}:{quote(PASSWORD)}"
    client = make_client(
        site, site.url(scheme), proxy=f"http://{credentials}@127.0.0.1:{proxy.extra_port}"
    )
    for path, content in (("/hello.txt", HELLO), ("/page.html", PAGE)):
        assert (await client.get(path)).body == content
    assert [sample.opened_connection for sample in recorder.samples] == [True, False]
    stranger = make_client(site, site.url(scheme), proxy=f"http://127.0.0.1:{proxy.extra_port}")
    answer = await stranger.get("/hello.txt")
    if scheme == "http":
        assert (answer.status, answer.error_code) == (407, 1407)
    else:
        assert (answer.status, answer.error) == (0, "proxy: CONNECT answered 407")


async def test_digest_authentication_with_apache(
    start: Start, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    site = start(APACHE)
    client = make_client(site, site.url("http"))
    answer = await client.get("/digest/hello.txt", auth=DigestAuth(USER, PASSWORD))
    assert (answer.status, answer.body) == (200, HELLO)
    assert [sample.logged[1] for sample in recorder.samples] == [401, 200]
    assert [sample.failed for sample in recorder.samples] == [False, False]
    wrong = await client.get("/digest/hello.txt", auth=DigestAuth(USER, "wrong"))
    assert (wrong.status, wrong.ok) == (401, False)


async def test_early_hints_of_node_are_passed_over(start: Start, make_client: MakeClient) -> None:
    site = start(NODE)
    client = make_client(site, site.url("http"))
    for _ in range(2):
        answer = await client.get("/hints")
        assert (answer.status, answer.body) == (200, b"hinted")
