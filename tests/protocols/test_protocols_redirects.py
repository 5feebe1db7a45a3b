"""Redirects: one sample a hop, the right method, and no credentials for strangers."""

from __future__ import annotations

import asyncio

import pytest
from scripted_server import (
    Handler,
    KeepingRecorder,
    MakeClient,
    Peer,
    ReceivedRequest,
    Stage,
    answering,
    response,
)

from atlas_perf.units import NS_PER_MS


def redirecting(status: int, location: str) -> Handler:
    def answer(request: ReceivedRequest) -> bytes:
        if request.path == "/start":
            return response(status, b"moved", Location=location, Set_Cookie="hop=1; Path=/")
        return response(200, b"there")

    return answering(answer)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (302, "DELETE", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
        (301, "HEAD", "HEAD"),
        (302, "GET", "GET"),
    ],
)
async def test_methods(
    stage: Stage, make_client: MakeClient, status: int, method: str, then: str
) -> None:
    server = await stage.serve(redirecting(status, "/end"))
    body = None if method in {"GET", "HEAD"} else "payload"
    answer = await make_client(server.url).request(method, "/start", body, headers={"X-A": "1"})
    first, second = server.requests
    assert (first.method, second.method, second.path) == (method, then, "/end")
    assert answer.status == 200
    assert answer.method == then
    kept = then == method and body is not None
    assert second.body == (b"payload" if kept else b"")
    assert ("content-type" in second.headers) is kept
    assert ("content-length" in second.headers) is kept
    assert second.headers["x-a"] == "1"
    assert second.headers["cookie"] == "hop=1"


async def test_each_hop_is_a_sample(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(redirecting(302, "end?x=1#part"))
    answer = await make_client(server.url).get("/start", expected_statuses=200)
    assert answer.url == f"{server.url}/end?x=1"
    assert [(s.tags["url"], s.tags["status"], s.failed) for s in recorder.requests] == [
        (f"{server.url}/start", "302", False),
        (f"{server.url}/end?x={{id}}", "200", False),
    ]
    first, second = recorder.requests
    assert second.blocked_ns + second.duration_ns <= second.at_ns - first.at_ns
    assert len(server.peers) == 1


async def test_a_name_holds_for_every_hop(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(redirecting(302, "/end"))
    await make_client(server.url).get("/start", name="login", tags={"t": "1"})
    assert [s.tags["url"] for s in recorder.requests] == ["login", "login"]
    assert [s.tags["t"] for s in recorder.requests] == ["1", "1"]


async def test_the_last_status_is_the_one_expected(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(redirecting(302, "/end"))
    await make_client(server.url).get("/start", expected_statuses=302)
    assert [s.failed for s in recorder.requests] == [False, True]


async def test_redirects_can_be_left_alone(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(redirecting(302, "/end"))
    answer = await make_client(server.url).get("/start", max_redirects=0)
    assert (answer.status, answer.ok, answer.headers["location"]) == (302, True, "/end")
    assert (await make_client(server.url, max_redirects=0).get("/start")).status == 302
    assert [s.failed for s in recorder.requests] == [False, False]


async def test_a_redirect_loop_is_a_failure(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(redirecting(302, "/start"))
    answer = await make_client(server.url, max_redirects=3).get("/start")
    assert (answer.status, answer.error) == (302, "stopped after 3 redirects")
    assert (answer.error_code, answer.ok) == (1000, False)
    assert [s.failed for s in recorder.requests] == [False, False, False, True]
    assert recorder.last.tags["error"] == "stopped after 3 redirects"
    assert recorder.last.tags["status"] == "302"


async def test_exactly_as_many_redirects_as_allowed(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(redirecting(302, "/end"))
    assert (await make_client(server.url, max_redirects=1).get("/start")).status == 200


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("ftp://elsewhere/", "its scheme is neither http nor https"),
        ("http://:80/", "its host is empty"),
        ("http://h:99999/", "its host or port cannot be read"),
    ],
)
async def test_a_location_that_cannot_be_followed(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, location: str, reason: str
) -> None:
    server = await stage.serve(redirecting(302, location))
    answer = await make_client(server.url).get("/start")
    assert (answer.status, answer.error_code, answer.ok) == (302, 1020, False)
    assert answer.error == f"redirect to an invalid URL: {reason}"
    assert len(recorder.requests) == 1
    assert recorder.last.failed


async def test_of_several_locations_the_first_counts(stage: Stage, make_client: MakeClient) -> None:
    """Joined by a comma they would lead to a place that nobody has named."""

    def answer(request: ReceivedRequest) -> bytes:
        moved = response(302, Location="/end", location="/elsewhere")
        return moved if request.path == "/start" else response(200)

    server = await stage.serve(answering(answer))
    assert (await make_client(server.url).get("/start")).status == 200
    assert [request.path for request in server.requests] == ["/start", "/end"]


@pytest.mark.parametrize("reply", [response(302), response(304, Location="/end"), response(300)])
async def test_what_names_no_place_is_no_redirect(
    stage: Stage, make_client: MakeClient, reply: bytes
) -> None:
    server = await stage.serve(answering(reply))
    answer = await make_client(server.url).get("/")
    assert (answer.ok, len(server.requests)) == (True, 1)


async def test_credentials_stay_with_their_origin(stage: Stage, make_client: MakeClient) -> None:
    other = await stage.serve(answering(response(200)))
    server = await stage.serve(redirecting(307, f"{other.url}/end"))
    secrets = {"Authorization": "Bearer t", "Cookie": "c=1", "X-Trace": "kept", "Host": "virtual"}
    await make_client(server.url).post("/start", "body", headers=secrets)
    first, second = server.requests[0], other.requests[0]
    assert first.headers["authorization"] == "Bearer t"
    assert "authorization" not in second.headers
    assert "c=1" not in second.headers.get("cookie", "")
    assert second.headers["host"] == f"127.0.0.1:{other.port}"
    assert second.headers["x-trace"] == "kept"
    assert second.body == b"body"


async def test_credentials_of_parameters_and_urls_stay_too(
    stage: Stage, make_client: MakeClient
) -> None:
    other = await stage.serve(answering(response(200)))
    server = await stage.serve(redirecting(302, f"{other.url}/end"))
    await make_client(server.url).get("/start", auth=("u", "p"), cookies={"own": "1"})
    await make_client(f"http://u:p@127.0.0.1:{server.port}").get("/start")
    for request in server.requests:
        assert request.headers["authorization"] == "Basic dTpw"
    for request in other.requests:
        assert "authorization" not in request.headers
        assert "own=1" not in request.headers.get("cookie", "")


async def test_credentials_follow_within_their_origin(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(redirecting(302, "/end"))
    await make_client(f"http://u:p@127.0.0.1:{server.port}").get("/start", cookies={"own": "1"})
    assert [r.headers["authorization"] for r in server.requests] == ["Basic dTpw"] * 2
    assert server.requests[1].headers["cookie"] == "hop=1; own=1"


async def test_the_timeout_is_for_all_hops_together(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    async def slow(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.04)
            await peer.send(response(302, Location="/again"))

    server = await stage.serve(slow)
    answer = await make_client(server.url).get("/", timeout="100ms")
    assert answer.error_code == 1050
    assert [s.tags["status"] for s in recorder.requests[:-1]] == ["302"] * (
        len(recorder.requests) - 1
    )
    assert 2 <= len(recorder.requests) <= 3
    first = recorder.requests[0]
    began_ns = first.at_ns - first.duration_ns - first.blocked_ns - first.connecting_ns
    assert recorder.last.at_ns - began_ns >= 100 * NS_PER_MS


async def test_an_utf8_location(stage: Stage, make_client: MakeClient) -> None:
    location = "/größe".encode()

    def answer(request: ReceivedRequest) -> bytes:
        if request.path == "/start":
            head = b"HTTP/1.1 302 F\r\nContent-Length: 0\r\nLocation: "
            return head + location + b"\r\n\r\n"
        return response(200)

    server = await stage.serve(answering(answer))
    await make_client(server.url).get("/start")
    assert server.requests[1].path == "/gr%C3%B6%C3%9Fe"
