"""The same requests to servers of seven kinds: same bytes, same statuses, same counts as theirs."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from urllib.parse import urlencode

import pytest
from keeping_recorder import KeepingRecorder
from launching import RealServer
from served_site import HELLO, LARGE, PAGE, TEXT, Seen, Site

from atlas_perf.protocols.http.client import HttpClient

MakeClient = Callable[..., HttpClient]

MARKS = count(1)

pytestmark = pytest.mark.real_servers


@pytest.fixture
def client(make_client: MakeClient, site: Site, scheme: str) -> HttpClient:
    return make_client(site, site.url(scheme))


@pytest.fixture
def mark() -> dict[str, str]:
    """A query that tells a test's requests from all others in the log."""
    return {"mark": str(next(MARKS))}


async def logged(site: Site, mark: dict[str, str], expected: int) -> list[Seen]:
    """A test's requests, as soon as they are so many: servers log after they have sent."""
    query = urlencode(mark)
    limit_s = time.monotonic() + 20
    while True:
        seen = [each for each in site.seen() if each.query == query]
        if len(seen) >= expected or time.monotonic() > limit_s:
            return seen
        await asyncio.sleep(0.01)


async def test_bodies_of_known_length(
    client: HttpClient, server: RealServer, scheme: str, recorder: KeepingRecorder
) -> None:
    for path, content in (("/hello.txt", HELLO), ("/empty.txt", b""), ("/large.bin", LARGE)):
        answer = await client.get(path)
        assert (answer.status, answer.error, answer.ok) == (200, "", True)
        assert answer.body == content
        assert answer.body_bytes == int(answer.headers["Content-Length"]) == len(content)
        assert answer.proto == ("HTTP/1.1" if server.keeps_connections else "HTTP/1.0")
        assert answer.tls_version.startswith("tls1.") is (scheme == "https")
    assert recorder.sums["data_received"] > len(HELLO) + len(LARGE)


async def test_a_body_without_a_length(client: HttpClient, server: RealServer) -> None:
    """In chunks; compressed chunks where there are no others; until the end of an HTTP/1.0 one."""
    for _ in range(2):
        answer = await client.get("/page.html")
        assert answer.body == PAGE
        assert "content-length" not in answer.headers
        if server.keeps_connections:
            assert answer.headers["Transfer-Encoding"] == "chunked"
        if server.plain_chunks:
            assert answer.wire_body == PAGE


async def test_a_compressed_body(client: HttpClient) -> None:
    answer = await client.get("/text.txt")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.body == TEXT
    assert len(answer.wire_body) < len(TEXT) / 4
    plain = await client.get("/text.txt", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.body == plain.wire_body == TEXT


async def test_answers_without_a_body(client: HttpClient) -> None:
    """After each the connection is in order: the next answer is read from its beginning."""
    for _ in range(2):
        head = await client.head("/large.bin")
        assert (head.status, head.body_bytes) == (200, 0)
        assert int(head.headers["Content-Length"]) == len(LARGE)
        empty = await client.get("/no-content")
        assert (empty.status, empty.body_bytes, empty.ok) == (204, 0, True)
        first = await client.get("/hello.txt")
        tag = {"If-None-Match": first.headers["ETag"]}
        unchanged = await client.get("/hello.txt", headers=tag)
        assert (unchanged.status, unchanged.body_bytes, unchanged.ok) == (304, 0, True)
        assert (await client.get("/hello.txt")).body == HELLO


async def test_redirects(client: HttpClient, recorder: KeepingRecorder) -> None:
    assert (await client.get("/moved")).body == HELLO
    assert (await client.post("/see-other", b"form")).body == HELLO
    hops = [sample.logged for sample in recorder.samples]
    assert hops == [("GET", 302), ("GET", 200), ("POST", 303), ("GET", 200)]
    assert (await client.get("/moved", max_redirects=0)).status == 302


async def test_errors_are_counted_and_leave_the_connection_in_order(
    client: HttpClient, recorder: KeepingRecorder
) -> None:
    for path, status in (("/missing", 404), ("/broken", 503)):
        answer = await client.get(path)
        assert (answer.status, answer.error_code, answer.ok) == (status, 1000 + status, False)
        assert (await client.get("/hello.txt")).body == HELLO
    assert [sample.failed for sample in recorder.samples] == [True, False, True, False]


@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
async def test_uploads_arrive_whole(
    client: HttpClient, server: RealServer, scheme: str, way: str, size: int
) -> None:
    content = LARGE[:size]
    parts = [content[at : at + 60_000] for at in range(0, size, 60_000)]
    body = parts if way == "chunked" else content
    headers = {"Expect": "100-continue"} if way == "expect" else {}
    path = f"/upload/{way}-{size}"
    answer = await client.put(path, body, headers=headers)
    assert answer.ok, answer
    if server.echoes:
        assert answer.body == content
    else:
        assert answer.status in {201, 204}
        assert (await client.get(path)).body == content


async def test_one_connection_serves_all_requests_of_a_user(
    client: HttpClient,
    server: RealServer,
    site: Site,
    recorder: KeepingRecorder,
    mark: dict[str, str],
) -> None:
    paths = ["/hello.txt", "/page.html", "/text.txt", "/missing", "/no-content"] * 4
    for path in paths:
        await client.get(path, params=mark)
    seen = await logged(site, mark, len(paths))
    assert [(each.path, each.status) for each in seen] == [
        (path, {"/missing": 404, "/no-content": 204}.get(path, 200)) for path in paths
    ]
    opened = sum(sample.opened_connection for sample in recorder.samples)
    assert len({each.client_port for each in seen}) == opened
    assert opened == (1 if server.keeps_connections else len(paths))


@pytest.mark.parametrize("how", ["header", "option"])
async def test_connections_that_are_not_to_be_kept(
    *,
    make_client: MakeClient,
    site: Site,
    scheme: str,
    recorder: KeepingRecorder,
    mark: dict[str, str],
    how: str,
) -> None:
    client = make_client(site, site.url(scheme), no_connection_reuse=how == "option")
    headers = {"Connection": "close"} if how == "header" else {}
    for _ in range(5):
        assert (await client.get("/page.html", headers=headers, params=mark)).body == PAGE
    seen = await logged(site, mark, 5)
    assert len({each.client_port for each in seen}) == len(seen) == 5
    assert all(sample.opened_connection for sample in recorder.samples)


async def test_many_at_once_are_as_many_there(
    make_client: MakeClient,
    site: Site,
    scheme: str,
    recorder: KeepingRecorder,
    mark: dict[str, str],
) -> None:
    contents = {"/hello.txt": HELLO, "/page.html": PAGE, "/text.txt": TEXT, "/large.bin": LARGE}
    clients = [make_client(site, site.url(scheme)) for _ in range(4)]
    paths = [path for path in contents for _ in range(1 if path == "/large.bin" else 4)]
    answers = await asyncio.gather(
        *(client.get(path, params=mark) for client in clients for path in [*paths, "/missing"])
    )
    for answer, path in zip(answers, [*paths, "/missing"] * 4, strict=True):
        assert answer.error == ""
        assert path == "/missing" or answer.body == contents[path]
    seen = await logged(site, mark, len(answers))
    ours = Counter(sample.logged for sample in recorder.samples)
    assert Counter((each.method, each.status) for each in seen) == ours
    opened = sum(sample.opened_connection for sample in recorder.samples)
    assert len({each.client_port for each in seen}) == opened
