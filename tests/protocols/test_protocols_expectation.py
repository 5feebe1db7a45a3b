"""`expect`: a response with a good status can still be a failure."""

from __future__ import annotations

import pytest
from scripted_server import KeepingRecorder, MakeClient, Stage, answering, response

from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.http.response import Response


def without_error(answer: Response) -> bool:
    return "error" not in answer.json()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"id": 1}', ""),
        (b'{"error": "sold out"}', "not the expected response"),
        (b"<html>", "expect raised ValueError"),
    ],
)
async def test_expect_decides_about_a_good_status(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    body: bytes,
    error: str,
) -> None:
    failed = bool(error)
    server = await stage.serve(answering(response(200, body)))
    answer = await make_client(server.url).get("/", expect=without_error)
    assert answer.ok is not failed
    assert answer.error == error
    assert recorder.last.failed is failed
    assert recorder.last.tags["expected_response"] == ("false" if failed else "true")
    assert recorder.last.tags.get("error_code") == ("1000" if failed else None)
    assert recorder.last.duration_ns == recorder.last.service_ns


async def test_expect_is_not_asked_about_a_bad_status_or_no_response(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(response(500, b"{}")))
    asked: list[Response] = []
    answer = await make_client(server.url).get("/", expect=asked.append)
    assert (answer.error_code, asked) == (1500, [])
    answer = await make_client("http://[bad").get("/", expect=asked.append)
    assert (answer.error_code, asked) == (1020, [])


async def test_the_fake_client_expects_as_the_real_one() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/", json={"error": "sold out"})
    assert not (await http.get("/", expect=without_error)).ok
    assert (await http.get("/")).ok
