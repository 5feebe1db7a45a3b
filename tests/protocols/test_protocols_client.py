"""The ordinary way of a request, against real sockets."""

from __future__ import annotations

import base64
import json

import pytest
from scripted_server import KeepingRecorder, MakeClient, ReceivedRequest, Stage, answering, response

from atlas_perf.protocols.http.response import HttpError
from atlas_perf.protocols.http.user_agent import default_user_agent

OK = response(200, b"ok")


async def test_a_get_is_sent_answered_and_recorded(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(200, b'{"a": 1}', Content_Type="x/json")))
    client = make_client(server.url)

    answer = await client.get("/thing?id=1")

    assert (answer.status, answer.reason, answer.proto) == (200, "Reason", "HTTP/1.1")
    assert (answer.ok, answer.error, answer.error_code, answer.tls_version) == (True, "", 0, "")
    assert answer.json() == {"a": 1}
    assert answer.text() == '{"a": 1}'
    assert answer.headers["content-TYPE"] == "x/json"
    assert server.requests[0].raw_head.startswith(b"GET /thing?id=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert recorder.last.tags == {
        "proto": "HTTP/1.1",
        "status": "200",
        "method": "GET",
        "url": f"{server.url}/thing?id=1",
        "name": f"{server.url}/thing?id=1",
        "scenario": "s",
        "expected_response": "true",
    }
    assert recorder.last.failed is False


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options"])
async def test_each_method_names_itself(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, method: str
) -> None:
    server = await stage.serve(answering(response()))
    await getattr(make_client(server.url), method)("/")
    assert server.requests[0].method == method.upper() == recorder.last.tags["method"]
    length = server.requests[0].headers.get("content-length")
    assert length == ("0" if method in {"post", "put", "patch"} else None)


@pytest.mark.parametrize(
    ("params", "body", "content_type"),
    [
        ({"json": {"ä": [1, None]}}, '{"ä":[1,null]}'.encode(), "application/json"),
        ({"json": 0}, b"0", "application/json"),
        ({"data": {"a": "1&2", "b": ["x", "y"]}}, b"a=1%262&b=x&b=y", "urlencoded"),
        ({"data": [("a", "1"), ("a", "2")]}, b"a=1&a=2", "urlencoded"),
        ({"body": "grün"}, "grün".encode(), "text/plain; charset=utf-8"),
        ({"body": b"\x00\xff"}, b"\x00\xff", None),
        ({"body": bytearray(b"x"), "headers": {"content-type": "a/b"}}, b"x", "a/b"),
        ({"json": {}, "headers": {"Content-Type": "application/ld+json"}}, b"{}", "ld+json"),
    ],
)
async def test_bodies(
    stage: Stage, make_client: MakeClient, params: dict, body: bytes, content_type: str | None
) -> None:
    server = await stage.serve(answering(OK))
    await make_client(server.url).post("/", **params)
    request = server.requests[0]
    assert request.body == body
    given = request.headers.get("content-type")
    assert given is None if content_type is None else content_type in str(given)
    assert request.raw_head.lower().count(b"content-type") == (content_type is not None)


async def test_default_headers_and_their_replacement(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    await client.get("/")
    await client.get("/", headers={"user-agent": "mine", "HOST": "other", "X-A2A-Token": "t"})
    first, second = server.requests
    assert first.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": default_user_agent(),
        "accept-encoding": "gzip, deflate",
    }
    assert default_user_agent().startswith("atlas-perf")
    assert second.headers["user-agent"] == "mine"
    assert second.headers["host"] == "other"
    assert second.headers["x-a2a-token"] == "t"
    assert second.raw_head.lower().count(b"user-agent") == 1


async def test_the_plans_user_agent(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(OK))
    await make_client(server.url, user_agent="robot/2").get("/")
    assert server.requests[0].headers["user-agent"] == "robot/2"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_basic_authentication_from_auth_and_from_the_url(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    with_user = f"http://us%40er:p%3Aw@127.0.0.1:{server.port}"
    client = make_client(with_user)
    answer = await client.get("/a")
    await client.get(f"{server.url}/b", auth=("u", "p:w"))
    await client.get("/c", headers={"Authorization": "Bearer x"})
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == [basic("us@er:p:w"), basic("u:p:w"), "Bearer x"]
    assert answer.url == recorder.requests[0].tags["url"] == f"{server.url}/a"
    everything = repr([recorder.requests, answer])
    assert "us%40er" not in everything
    assert "p%3Aw" not in everything


async def test_query_parameters_join_those_of_the_url(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    params = {"b": "x y", "c": [1, 2], "d": True, "e": None}
    await make_client(server.url).get("/p?a=1", params=params)
    assert server.requests[0].path == "/p?a=1&b=x+y&c=1&c=2&d=true"
    assert recorder.last.tags["url"] == f"{server.url}/p?a=1&b=x+y&c=1&c=2&d=true"


async def test_name_and_tags_of_a_request(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    tags = (("group", "::g"), ("scenario", "s"), ("team", "a"))
    client = make_client(server.url, sample_tags=lambda: tags)
    await client.get("/runs/17", name="/runs/{id}", tags={"team": "b", "n": 1})
    assert recorder.last.tags["name"] == recorder.last.tags["url"] == "/runs/{id}"
    assert (recorder.last.tags["team"], recorder.last.tags["n"]) == ("b", "1")
    assert recorder.last.tags["group"] == "::g"
    await client.get("/runs/18", tags={"name": "by tag", "status": "mine"})
    assert recorder.last.tags["name"] == recorder.last.tags["url"] == "by tag"
    assert recorder.last.tags["status"] == "200"


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (None, 200),
        (None, 399),
        (None, -400),
        (None, -429),
        (404, 404),
        (404, -200),
        ({200, 404}, 404),
        ((201,), -200),
        (range(500, 600), 503),
    ],
)
async def test_expected_statuses(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    expected: object,
    status: int,
) -> None:
    """A negative status is one that must count as failed."""
    failed, status = status < 0, abs(status)
    server = await stage.serve(answering(response(status)))
    answer = await make_client(server.url).get("/", expected_statuses=expected)
    assert (answer.status, answer.ok) == (status, not failed)
    assert recorder.last.failed is failed
    assert recorder.last.tags["expected_response"] == ("false" if failed else "true")
    code = 1000 + status if failed and status >= 400 else 0
    assert answer.error_code == code
    assert recorder.last.tags.get("error_code") == (str(code) if code else None)
    assert answer.error == ""
    assert recorder.last.duration_ns == recorder.last.service_ns


async def test_bytes_moved_carry_the_users_tags_and_no_url(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    tags = (("group", "::g"), ("scenario", "s"), ("team", "a"))
    client = make_client(server.url, sample_tags=lambda: tags)
    await client.post("/", b"x" * 1000)
    await client.get("/")
    sent = sum(len(request.raw_head) + len(request.body) for request in server.requests)
    assert recorder.total("data_sent") == sent
    assert recorder.total("data_received") == 2 * len(OK)
    assert [t for _, t in recorder.series_by_number] == [dict(tags)] * 2
    assert {at_ns for _, _, at_ns in recorder.added} == {r.at_ns for r in recorder.requests}


async def test_throw_raises_only_without_a_usable_response(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(500)))
    client = make_client(throw=True)
    assert (await client.get(server.url)).status == 500
    with pytest.raises(HttpError, match="its scheme is neither") as raised:
        await client.get("ftp://u:secret@host/")
    assert raised.value.response.error_code == 1020
    assert "secret" not in str(raised.value)
    assert recorder.last.failed
    assert (await client.get("ftp://host/", throw=False)).status == 0


async def test_relative_urls_keep_the_path_of_the_base(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(f"{server.url}/api/")
    for url in ("runs", "/runs", "?x=1", f"{server.url}/whole"):
        await client.get(url)
    assert [r.path for r in server.requests] == ["/api/runs", "/api/runs", "/api/?x=1", "/whole"]


async def test_json_errors_say_what_came_instead(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response(502, b"<html>Bad gateway")))
    answer = await make_client(server.url).get("/x")
    with pytest.raises(ValueError, match="answered 502 with no JSON: '<html>Bad gateway'"):
        answer.json()


async def test_a_large_body_goes_out_whole(stage: Stage, make_client: MakeClient) -> None:
    def measure(request: ReceivedRequest) -> bytes:
        return response(200, json.dumps(len(request.body)).encode())

    server = await stage.serve(answering(measure))
    client = make_client(server.url)
    size = 5_000_000
    answer = await client.put("/", b"\xaa" * size)
    assert answer.json() == size
    assert answer.timings.sending_ns > 0


async def test_a_body_longer_than_is_kept_is_received_and_counted(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, monkeypatch
) -> None:
    monkeypatch.setattr("atlas_perf.protocols.http.response_parser.MAX_BODY_KEPT_BYTES", 1000)
    server = await stage.serve(answering(response(200, b"y" * 5000)))
    client = make_client(server.url)
    answer = await client.get("/")
    assert (answer.body_bytes, answer.wire_body) == (5000, b"y" * 1000)
    with pytest.raises(ValueError, match="only 1000 of the body's 5000 bytes were kept"):
        answer.text()
    assert recorder.total("data_received") > 5000
    assert (await client.get("/")).ok
    assert len(server.peers) == 1
