"""What a server sends beyond a limit is a counted error with a code, on any connection."""

from __future__ import annotations

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf.protocols.http import response_parser
from atlas_perf.protocols.http._response_reader import DEFAULT_LIMITS
from atlas_perf.protocols.http.response import BodyDecodingError

HEAD = b"HTTP/1.1 200 OK\r\n"
EMPTY = HEAD + b"Content-Length: 0\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 102 Processing\r\n\r\n"

HEAD_BYTES = DEFAULT_LIMITS["head_bytes"]
FIELDS = DEFAULT_LIMITS["fields"]
DIGITS = DEFAULT_LIMITS["chunk_size_digits"]
EXTENSION = DEFAULT_LIMITS["chunk_extension_bytes"]
TRAILERS = DEFAULT_LIMITS["trailer_bytes"]
INTERIMS = DEFAULT_LIMITS["interim_responses"]


def padded(head: bytes, length: int) -> bytes:
    """The head with a field more, so that it has this length in all."""
    field = b"X: " + b"x" * (length - len(head) - len(b"X: \r\n")) + b"\r\n"
    return head[:-2] + field + b"\r\n"


WITHIN = {
    "head": padded(EMPTY, HEAD_BYTES),
    "fields": HEAD + b"A: b\r\n" * (FIELDS - 1) + b"Content-Length: 0\r\n\r\n",
    "interim": INTERIM * INTERIMS + EMPTY,
    "digits": CHUNKED + b"1".rjust(DIGITS, b"0") + b"\r\nx\r\n0\r\n\r\n",
    "extension": CHUNKED + b"1;" + b"a" * (EXTENSION - 1) + b"\r\nx\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"0\r\nA: " + b"b" * (TRAILERS - 7) + b"\r\n\r\n",
}
BEYOND = {
    "head": (padded(EMPTY, HEAD_BYTES + 1), "more headers than the limit"),
    "fields": (HEAD + b"A: b\r\n" * (FIELDS + 1) + b"\r\n", "more headers than the limit"),
    "interim": (INTERIM * (INTERIMS + 1) + EMPTY, "more interim responses than the limit"),
    "digits": (
        CHUNKED + b"1".rjust(DIGITS + 1, b"0") + b"\r\nx\r\n0\r\n\r\n",
        "a chunk size with more digits than the limit",
    ),
    "extension": (
        CHUNKED + b"1;" + b"a" * EXTENSION + b"\r\nx\r\n0\r\n\r\n",
        "chunk extensions longer than the limit",
    ),
    "trailers": (
        CHUNKED + b"0\r\nA: " + b"b" * (TRAILERS - 6) + b"\r\n\r\n",
        "trailers longer than the limit",
    ),
}


@pytest.mark.parametrize("name", WITHIN)
async def test_up_to_the_limit(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, name: str
) -> None:
    server = await stage.serve(answering(WITHIN[name]))
    client = make_client(server.url)
    for _ in range(2):  # the slow way, then the fast one
        answer = await client.get("/")
        assert (answer.status, answer.error) == (200, "")
    assert len(server.peers) == 1


@pytest.mark.parametrize("first_way", ["slow", "fast", "streamed"])
@pytest.mark.parametrize("name", BEYOND)
async def test_beyond_the_limit(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, name: str, first_way: str
) -> None:
    reply, reason = BEYOND[name]
    replies = iter([EMPTY, reply] if first_way == "fast" else [reply])

    async def handle(peer: Peer) -> None:
        for each in replies:
            await peer.request()
            await peer.send(each)
        await peer.until_closed()

    server = await stage.serve(handle)
    client = make_client(server.url)
    if first_way == "fast":
        assert (await client.post("/", b"x")).ok
    body = [b"x"] if first_way == "streamed" else b"x"
    answer = await client.post("/", body)
    assert (answer.status, answer.error_code) == (0, 1000)
    assert answer.error == f"malformed response: {reason}"
    sample = recorder.last
    assert sample.failed
    assert sample.tags["error_code"] == "1000"
    assert sample.tags["expected_response"] == "false"
    assert len(server.peers) == 1, "and is not sent again"


async def test_a_body_beyond_what_is_kept_is_counted_whole(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    limit = response_parser.MAX_BODY_KEPT_BYTES
    server = await stage.serve(answering(response(200, bytes(limit + 1))))
    client = make_client(server.url)
    answer = await client.get("/")
    assert (answer.ok, answer.body_bytes, len(answer.wire_body)) == (True, limit + 1, limit)
    assert recorder.total("data_received") > limit
    with pytest.raises(BodyDecodingError, match=f"only {limit} of the body's {limit + 1} bytes"):
        _ = answer.body
