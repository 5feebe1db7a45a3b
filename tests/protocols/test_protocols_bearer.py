"""Bearer tokens: sent as they are, kept from strangers, and never shown."""

from __future__ import annotations

import pytest
from scripted_server import MakeClient, ReceivedRequest, Stage, answering, response

from atlas_perf import BearerAuth


async def test_the_token_goes_out_with_every_request(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url)
    for token in ("abc.def-_~+/1==", "other", "abc.def-_~+/1=="):
        assert (await client.get("/", auth=BearerAuth(token))).ok
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer abc.def-_~+/1==", "Bearer other", "Bearer abc.def-_~+/1=="]


async def test_basic_pairs_are_told_apart_too(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url)
    for user in ("a", "b", "a"):
        await client.get("/", auth=(user, "p"))
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Basic YTpw", "Basic Yjpw", "Basic YTpw"]


async def test_a_header_of_its_own_wins(stage: Stage, make_client: MakeClient) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url)
    await client.get("/", auth=BearerAuth("t"), headers={"authorization": "Custom x"})
    assert server.requests[0].headers["authorization"] == "Custom x"


async def test_another_host_does_not_get_it(stage: Stage, make_client: MakeClient) -> None:
    stranger = await stage.serve(answering(response(200)))

    def answer(request: ReceivedRequest) -> bytes:
        return response(302, Location=f"{stranger.url}/")

    server = await stage.serve(answering(answer))
    assert (await make_client(server.url).get("/", auth=BearerAuth("secret"))).ok
    assert "authorization" in server.requests[0].headers
    assert "authorization" not in stranger.requests[0].headers


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "=a", "ä", None])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(ValueError, match="BearerAuth takes a token") as raised:
        BearerAuth(token)
    assert "X: y" not in str(raised.value)


def test_it_is_not_shown() -> None:
    assert "secret" not in repr(BearerAuth("secret"))
