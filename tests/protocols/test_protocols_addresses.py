"""Where a URL leads besides a name and a port: Unix sockets and IPv6 addresses."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    ReceivedRequest,
    Stage,
    answering,
    response,
)

from atlas_perf.protocols.http.failures import RequestFailure
from atlas_perf.protocols.http.urls import parse_target

OK = response(200, b"ok")


def url_of(path: Path) -> str:
    return f"http+unix://{quote(str(path), safe='')}"


async def test_a_unix_socket_as_base_url(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, tmp_path: Path
) -> None:
    path = tmp_path / "App.sock"
    server = await stage.serve_unix(answering(OK), path)
    client = make_client(url_of(path))
    for _ in range(3):
        assert (await client.get("/health?a=1")).body == b"ok"
    assert {request.path for request in server.requests} == {"/health?a=1"}
    assert server.requests[0].headers["host"] == "localhost"
    assert len(server.peers) == 1, "the connection is kept"
    assert recorder.requests[0].connecting_ns > 0
    assert recorder.last.tags["proto"] == "HTTP/1.1"


async def test_a_redirect_stays_on_the_socket_unless_it_names_a_host(
    stage: Stage, make_client: MakeClient, tmp_path: Path
) -> None:
    outside = await stage.serve(answering(OK))
    paths = {"/a/b": "../c?x", "/c?x": f"{outside.url}/out"}

    def answer(request: ReceivedRequest) -> bytes:
        return response(302, Location=paths[request.path], Set_Cookie="s=1")

    path = tmp_path / "app.sock"
    server = await stage.serve_unix(answering(answer), path)
    result = await make_client().get(f"{url_of(path)}/a/b", auth=("u", "p"))
    assert result.ok
    assert [request.path for request in server.requests] == ["/a/b", "/c?x"]
    assert "authorization" in server.requests[1].headers
    assert "authorization" not in outside.requests[0].headers


async def test_two_sockets_are_two_origins(
    stage: Stage, make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client()
    for name in ("one", "two"):
        await stage.serve_unix(answering(response(200, name.encode())), tmp_path / name)
    for name in ("one", "two", "one"):
        assert (await client.get(f"{url_of(tmp_path / name)}/")).text() == name


async def test_a_socket_that_is_not_there(make_client: MakeClient, tmp_path: Path) -> None:
    answer = await make_client().get(f"{url_of(tmp_path / 'none.sock')}/")
    assert (answer.error_code, answer.error) == (1213, "dial: no such file or directory")
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(dead))
    assert (await make_client().get(f"{url_of(dead)}/")).error_code == 1212


@pytest.mark.parametrize(
    "url", ["http+unix://app.sock/", "http+unix:///run/x", "http+unix://%2Fa%00/"]
)
def test_what_is_no_path_of_a_socket(url: str) -> None:
    with pytest.raises(RequestFailure, match=r"no path of a socket|names no host"):
        parse_target(url)


async def test_an_ipv6_address_in_brackets(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    try:
        server = await stage.serve_ipv6(answering(OK))
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert (await make_client(server.url).get("/x")).ok
    client = make_client(hosts={"six.example": f"[::1]:{server.port}"})
    assert (await client.get("http://six.example/")).ok
    hosts = [request.headers["host"] for request in server.requests]
    assert hosts == [f"[::1]:{server.port}", "six.example"]
    assert recorder.requests[0].tags["url"].startswith("http://[::1]:")


async def test_no_server_sends_a_client_to_a_unix_socket(
    stage: Stage, make_client: MakeClient, tmp_path: Path
) -> None:
    path = tmp_path / "private.sock"
    private = await stage.serve_unix(answering(response(200, b"secret")), path)
    server = await stage.serve(answering(response(302, b"", Location=f"{url_of(path)}/")))
    answer = await make_client(server.url).get("/")
    assert (answer.status, answer.error_code) == (302, 1020)
    assert not private.requests
