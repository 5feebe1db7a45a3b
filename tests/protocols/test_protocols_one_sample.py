"""Whatever a server sends, and however a client ends: one request is one sample."""

from __future__ import annotations

import pytest
from scripted_server import KeepingRecorder, MakeClient, Stage, answering, response

from atlas_perf.protocols.http.cookies import CookieJar


@pytest.mark.parametrize(
    "location",
    ["http://[::1/x", "//[", "https://[fe80::1%2\x8c]/", "http://[fe80::1%\xe2\x82\xac]/x"],
)
async def test_a_location_that_is_no_url_is_a_failed_request(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, location: str
) -> None:
    server = await stage.serve(answering(response(302, Location=location)))
    answer = await make_client(server.url).get("/")
    assert (answer.status, answer.ok, answer.error_code) == (302, False, 1020)
    assert answer.error.startswith("redirect to an invalid URL")
    assert len(recorder.requests) == 1
    assert recorder.last.failed


async def test_an_exception_after_the_last_byte_is_still_a_failed_request(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, monkeypatch
) -> None:
    server = await stage.serve(answering(response(200, Set_Cookie="a=1")))
    client = make_client(server.url)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(CookieJar, "take_header", broken)
    with pytest.raises(ZeroDivisionError):
        await client.get("/")
    assert len(recorder.requests) == 1
    assert recorder.last.failed
