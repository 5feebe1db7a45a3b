"""What is sent out of a template is, to the byte, what the slow way sends, whoever asked before."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_server import KeepingRecorder, MakeClient, Stage, answering, response

from atlas_perf import BearerAuth
from atlas_perf.model.plan import HttpOptions
from atlas_perf.model.series import Tags
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup

Call = tuple[str, str, Any, dict[str, Any]]

CALLS: list[Call] = [
    ("GET", "/", None, {}),
    ("GET", "/a/1", None, {}),
    ("GET", "/a/2?b=c&d", None, {}),
    ("GET", "a/relative", None, {}),
    ("GET", "//two/slashes", None, {}),
    ("GET", "?query=only", None, {}),
    ("GET", "/query/empty?", None, {}),
    ("GET", "/query?a?b={c}^`", None, {}),
    ("GET", "/path{c}^`", None, {}),
    ("GET", "/with space/ü?ö=ß", None, {}),
    ("GET", "/fragment#there", None, {}),
    ("GET", "/fragment?q=1#", None, {}),
    ("GET", "", None, {}),
    ("get", "/lower/1", None, {}),
    ("HEAD", "/a/1", None, {}),
    ("POST", "/a/1", None, {}),
    ("POST", "/a/1", b"", {}),
    ("POST", "/a/1", b"content", {}),
    ("POST", "/a/2", "text", {}),
    ("PUT", "/a/1", bytearray(b"x"), {}),
    ("DELETE", "/a/1", b"why", {}),
    ("POST", "/a/1", None, {"json": {"a": 1}}),
    ("POST", "/a/1", None, {"json": {"a": "longer"}, "headers": {"X-A": "1"}}),
    ("POST", "/a/1", None, {"json": 0}),
    ("GET", "/a/1", None, {"data": {"a": "1"}}),
    ("GET", "/a/1", None, {"data": {"a": []}}),
    ("GET", "/a/1", None, {"data": {}}),
    ("DELETE", "/a/1", None, {"data": {"a": []}}),
    ("GET", "/a/1", None, {"headers": {"X-A": "1", "X-B": "ü"}}),
    ("GET", "/a/2", None, {"headers": {"X-A": "2", "X-B": "b"}}),
    ("GET", "/a/2", None, {"headers": {"X-B": "b", "X-A": "2"}}),
    ("GET", "/a/2", None, {"headers": {"Host": "other", "User-Agent": "me"}}),
    ("GET", "/a/2", None, {"headers": {}}),
    ("GET", "/a/2", None, {"headers": None}),
    ("GET", "/a/2", None, {"headers": {"Connection": "keep-alive"}}),
    ("GET", "/a/3", None, {"params": {"x": [1, 2], "y": True, "z": None}}),
    ("GET", "/a/3?w=1", None, {"params": {"x": "ü"}, "name": "n"}),
    ("GET", "/a/3", None, {"params": {}}),
    ("GET", "/a/4", None, {"auth": ("user", "password")}),
    ("GET", "/a/4", None, {"auth": ("user", "other")}),
    ("GET", "/a/4", None, {"auth": BearerAuth("token")}),
    ("GET", "/a/5", None, {"auth": BearerAuth("other"), "headers": {"X-A": "1"}}),
    ("POST", "/a/5", None, {"auth": BearerAuth("other"), "json": 1, "headers": {"X-A": "1"}}),
    ("POST", "/a/5", None, {"auth": ("user", "x"), "json": 1}),
    ("GET", "/a/5", None, {"auth": ("user", "x"), "headers": {"authorization": "own"}}),
    ("GET", "/a/5", None, {"auth": None}),
    ("GET", "/a/5", None, {"name": "five", "tags": {"t": "1"}}),
    ("GET", "/a/6", None, {"name": "five", "tags": {"t": "2"}}),
    ("GET", "/a/7", None, {"tags": {"name": "of the tags", "n": 7}}),
    ("GET", "/missing", None, {"expected_statuses": 404}),
    ("GET", "/missing", None, {"expected_statuses": {404, 405}}),
    ("GET", "/missing", None, {"expected_statuses": (200, 404)}),
    ("GET", "/missing", None, {"expected_statuses": range(200, 300)}),
    ("GET", "/a/8", None, {"timeout": "5s", "max_redirects": 0}),
    ("GET", "/a/8", None, {"timeout": timedelta(seconds=5), "throw": True}),
    ("GET", "/a/8", None, {"response_type": "none"}),
    ("GET", "/a/9", None, {"expect": lambda answer: answer.status == 200}),
    ("GET", "/a/9", None, {"expect": lambda answer: False}),
    ("GET", "/a/1", None, {"cookies": {"a": "1"}}),
]
"""Alike and not alike, in an order that gives each the chance to be taken for another."""


async def ways(client: HttpClient, call: Call) -> tuple[Any, Any]:
    """What a call comes to on the slow way, and however it goes by itself."""
    method, url, body, params = call
    slow = await client._request(method, url, body, params)  # type: ignore[arg-type]
    return slow, await client.request(method, url, body, **params)


@pytest.mark.parametrize("base_path", ["", "/", "/base", "/base/7/?q="])
async def test_both_ways_of_every_call_are_the_same(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, base_path: str
) -> None:
    server = await stage.serve(
        answering(lambda request: response(404 if "missing" in request.path else 200, b"ok"))
    )
    client = make_client(server.url + base_path)
    for _ in range(3):  # first no template is known, then all are
        for call in CALLS:
            slow, fast = await ways(client, call)
            one, other = recorder.requests[-2:]
            assert (one.tags, one.failed) == (other.tags, other.failed), call
            heads = [request.raw_head for request in server.requests[-2:]]
            assert heads[0] == heads[1], call
            assert server.requests[-2].body == server.requests[-1].body
            for name in ("status", "ok", "error", "error_code", "url", "method", "wire_body"):
                assert getattr(slow, name) == getattr(fast, name), (name, call)


async def test_absolute_urls_of_several_hosts_and_users_are_told_apart(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    servers = [await stage.serve(answering(response(200, b"ok"))) for _ in range(2)]
    client = make_client("http://nowhere.invalid")
    for number in range(4):
        for server in servers:
            for user in ("", "a:b@", "c:d@"):
                url = f"http://{user}127.0.0.1:{server.port}/x/{number}"
                await ways(client, ("GET", url, None, {}))
                heads = [request.raw_head for request in server.requests[-2:]]
                assert heads[0] == heads[1]
                assert (b"Authorization: Basic" in heads[0]) == bool(user)
                assert "@" not in recorder.last.tags["url"]


async def test_through_a_proxy_too(stage: Stage, make_client: MakeClient) -> None:
    proxy = await stage.serve(answering(response(200, b"ok")))
    client = make_client("http://api.example/v1", proxy=f"http://u:p@127.0.0.1:{proxy.port}")
    for number in (1, 2, 3):
        for params in ({}, {"headers": {"X-A": str(number)}}, {"json": number}):
            await ways(client, ("POST", f"/runs/{number}", None, params))
            heads = [request.raw_head for request in proxy.requests[-2:]]
            assert heads[0] == heads[1]
            assert heads[0].startswith(b"POST http://api.example/v1/runs/%d HTTP" % number)


_PIECES = st.text("ab01/%.-_~!$&'()*+,;=:@[]|?#{}^`\"<>\\ üß\u0663\t", max_size=12)


@given(st.lists(_PIECES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_path_is_sent_as_the_slow_way_sends_it(pieces: list[str]) -> None:
    async def main() -> None:
        stage, recorder = Stage(), KeepingRecorder()
        server = await stage.serve(answering(response(200, b"ok")))
        setup = ClientSetup(options=HttpOptions(), recorder=recorder, base_url=server.url)
        client = HttpClient(setup, lambda: ())
        await client.get("/first")
        for piece in pieces:
            for url in (f"/{piece}", f"{server.url}/{piece}", f"{server.url}{piece}"):
                slow, fast = await ways(client, ("GET", url, None, {}))
                assert (slow.url, slow.error_code) == (fast.url, fast.error_code)
                assert recorder.requests[-2].tags == recorder.requests[-1].tags
                if slow.ok:
                    one, other = server.requests[-2:]
                    assert one.raw_head == other.raw_head
        await client.close()
        await stage.close()

    asyncio.run(main())


async def test_a_header_that_changes_is_never_a_stale_one(
    stage: Stage, make_client: MakeClient
) -> None:
    """The same dict with another value, and equal values of other objects."""
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    headers = {"X-Token": "0", "X-Same": "same"}
    for number in range(20):
        headers["X-Token"] = str(number * 1000)
        await client.get("/a", headers=headers)
        assert server.requests[-1].headers["x-token"] == str(number * 1000)
    headers["X-More"] = "more"
    await client.get("/a", headers=headers)
    assert server.requests[-1].headers["x-more"] == "more"
    del headers["X-Token"]
    await client.get("/a", headers=headers)
    assert "x-token" not in server.requests[-1].headers


@pytest.mark.parametrize(
    ("value", "error"),
    [("a\r\nX-Evil: 1", ValueError), ("\x7f", ValueError), ("€", ValueError), (7, TypeError)],
)
async def test_a_header_that_cannot_be_sent_is_refused_out_of_a_template_too(
    stage: Stage, make_client: MakeClient, value: Any, error: type[Exception]
) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    for _ in range(3):
        await client.get("/a", headers={"X-A": "fine"})
    with pytest.raises(error, match="X-A"):
        await client.get("/a", headers={"X-A": value})
    assert len(server.requests) == 3


async def test_a_header_that_ends_the_connection_is_heeded(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    for value in ("keep-alive", "keep-alive", "close", "keep-alive"):
        await client.get("/a", headers={"connection": value})
    assert [len(peer.received) for peer in server.peers] == [3, 1]


async def test_calls_like_one_before_go_the_fast_way(
    stage: Stage, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with another URL, header value, body, or `expect` written on the spot."""
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    await client.get("/")  # a connection
    slow: list[str] = []

    async def noted(self: HttpClient, method: str, url: str, *_: object) -> None:
        slow.append(url)

    monkeypatch.setattr(HttpClient, "_request", noted)
    for number in range(5):
        await client.get(f"/runs/{number}")
        await client.get(f"/runs/{number}", name="run", tags={"n": number})
        await client.get("/runs", headers={"X-Number": str(number)})
        await client.get("/runs", params={"page": number})
        await client.get("/runs", expect=lambda answer: answer.ok)
        await client.get("/runs", expected_statuses={200, number})
        await client.get("/runs", auth=("user", str(number)))
        await client.get("/runs", auth=BearerAuth(f"token{number}"))
        await client.post(f"/runs/{number}", json={"n": number}, headers={"X-A": "1"})
    assert slow == []


class TestWhatIsShared:
    """Two users of one scenario share templates, and nothing else."""

    @pytest.fixture
    def setup_of(self, recorder: KeepingRecorder) -> Any:
        def make(url: str, **options: Any) -> ClientSetup:
            return ClientSetup(options=HttpOptions(**options), recorder=recorder, base_url=url)

        return make

    async def test_connections_cookies_and_tags_are_each_users_own(
        self, stage: Stage, setup_of: Any, recorder: KeepingRecorder
    ) -> None:
        def answer(request: Any) -> bytes:
            if request.path == "/login":
                return response(200, b"", Set_Cookie=f"id={request.headers['x-user']}")
            return response(200, request.headers.get("cookie", "").encode())

        server = await stage.serve(answering(answer))
        setup = setup_of(server.url)
        tags: list[Tags] = [(("user", str(number)),) for number in range(3)]
        clients = [HttpClient(setup, lambda number=number: tags[number]) for number in range(3)]
        for number in (0, 1):
            await clients[number].get("/login", headers={"X-User": str(number)})
        for _ in range(3):
            for number, client in enumerate(clients):
                answered = await client.get("/a")
                assert answered.text() == ("" if number == 2 else f"id={number}")
                assert recorder.last.tags["user"] == str(number)
        assert len(server.peers) == 3
        tags[1] = (("user", "changed"),)
        for number, user in ((1, "changed"), (0, "0"), (2, "2")):
            await clients[number].get("/a")
            assert recorder.last.tags["user"] == user
        for client in clients:
            await client.close()

    async def test_headers_and_credentials_are_each_calls_own(
        self, stage: Stage, setup_of: Any
    ) -> None:
        server = await stage.serve(
            answering(lambda asked: response(200, asked.headers.get("authorization", "").encode()))
        )
        setup = setup_of(server.url)
        clients = [HttpClient(setup, tuple) for _ in range(3)]
        for _ in range(3):
            for number, client in enumerate(clients):
                bearer = f"Bearer {number}"
                answered = await client.get("/a", headers={"Authorization": bearer})
                assert answered.text() == bearer
                assert (await client.get("/a")).text() == ""
                answered = await client.get("/a", auth=("user", str(number)))
                basic = base64.b64encode(f"user:{number}".encode()).decode()
                assert answered.text() == f"Basic {basic}"
                answered = await client.get("/a", auth=BearerAuth(f"token{number}"))
                assert answered.text() == f"Bearer token{number}"
        for client in clients:
            await client.close()

    async def test_setups_share_nothing(
        self, stage: Stage, setup_of: Any, recorder: KeepingRecorder
    ) -> None:
        """Scenarios with another base URL or options, and another run in the same process."""
        here, there = [await stage.serve(answering(response(200, b"ok"))) for _ in range(2)]
        other = KeepingRecorder()
        another_run = ClientSetup(options=HttpOptions(), recorder=other, base_url=here.url)
        clients = [
            HttpClient(setup_of(here.url), tuple),
            HttpClient(setup_of(there.url, user_agent="other"), tuple),
            HttpClient(another_run, tuple),
        ]
        for _ in range(3):
            for client in clients:
                await client.get("/a")
        agents = {each.headers["user-agent"] for each in there.requests}
        assert (len(here.requests), len(there.requests), agents) == (6, 3, {"other"})
        assert (len(recorder.requests), len(other.requests)) == (6, 3)
        for client in clients:
            await client.close()

    async def test_a_new_pool_is_used_at_once(self, stage: Stage, setup_of: Any) -> None:
        server = await stage.serve(answering(response(200, b"ok")))
        client = HttpClient(setup_of(server.url, no_vu_connection_reuse=True), tuple)
        for _ in range(3):
            client.begin_iteration()
            for _ in range(2):
                await client.get("/a")
        assert [len(peer.received) for peer in server.peers] == [2, 2, 2]
        await client.close()
