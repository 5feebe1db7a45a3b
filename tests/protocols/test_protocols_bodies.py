"""Bodies that take more than bytes: forms with files, and iterators sent in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes

import pytest
from scripted_server import (
    KeepingRecorder,
    MakeClient,
    Peer,
    ReceivedRequest,
    Stage,
    answering,
    response,
)

from atlas_perf.protocols.http.body import encode_body

OK = response(200, b"ok")


def parts_of(request: ReceivedRequest) -> list[tuple[str | None, str | None, str, bytes]]:
    """Field, file name, content type and content of each part, read by another library."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message_from_bytes(head + request.body).get_payload()
    ]


async def test_a_form_with_files_carries_names_and_types(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    files = {
        "bare": b"\x00\r\n--\xff",
        "named": ("report.json", "{}"),
        "typed": ("scan.bin", b"123", "application/x-scan"),
    }
    data = {"kind": "a b", "ids": [1, 2]}
    answer = await make_client(server.url).post("/upload", data=data, files=files)
    assert answer.ok
    assert parts_of(server.requests[0]) == [
        ("kind", None, "text/plain", b"a b"),
        ("ids", None, "text/plain", b"1"),
        ("ids", None, "text/plain", b"2"),
        ("bare", "bare", "application/octet-stream", b"\x00\r\n--\xff"),
        ("named", "report.json", "application/json", b"{}"),
        ("typed", "scan.bin", "application/x-scan", b"123"),
    ]
    sent = len(server.requests[0].raw_head) + len(server.requests[0].body)
    assert recorder.total("data_sent") == sent


async def test_a_file_name_cannot_break_out_of_its_header() -> None:
    body, _ = encode_body(None, None, None, {'a"b': ("x\r\nEvil: 1", b"")})
    assert b'name="a%22b"; filename="x%0D%0AEvil: 1"' in bytes(body)


@pytest.mark.parametrize(
    ("files", "error", "sentence"),
    [
        ({"a": 1}, TypeError, "the content of files='a' is bytes or text, not int"),
        ({"a": ("n",)}, TypeError, "files='a' is no file"),
        ({"a": ("n", b"", "text/\n")}, ValueError, "has a control character"),
        ([("a", b"")], TypeError, "files= takes a dict"),
    ],
)
async def test_what_is_no_file_is_refused(
    make_client: MakeClient, files: object, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        await make_client("http://127.0.0.1:1").post("/", files=files)


async def test_json_and_files_together_are_refused(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="one of body=, json= and data= or files="):
        await make_client("http://127.0.0.1:1").post("/", json={}, files={"a": b""})


async def numbers() -> AsyncIterator[bytes]:
    for number in range(3):
        await asyncio.sleep(0)
        yield b"%d" % number


@pytest.mark.parametrize(
    "body",
    [numbers(), iter([b"0", "1", b"", bytearray(b"2")]), [b"0", b"12"], ("0", memoryview(b"12"))],
)
async def test_an_iterator_is_sent_in_chunks_as_it_gives_them(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, body: object
) -> None:
    server = await stage.serve(answering(OK))
    client = make_client(server.url)
    answer = await client.post("/", body)
    assert answer.ok
    request = server.requests[0]
    assert request.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in request.headers
    assert request.body == b"012"
    assert recorder.last.sending_ns >= 0
    await client.post("/", b"after")
    assert len(server.peers) == 1, "the connection is kept"


async def test_every_byte_of_the_framing_is_counted(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    await make_client(server.url).post("/", iter([b"x" * 20, b"y"]))
    framed = b"14\r\n" + b"x" * 20 + b"\r\n1\r\ny\r\n0\r\n\r\n"
    assert recorder.total("data_sent") == len(server.requests[0].raw_head) + len(framed)


async def test_a_part_leaves_before_the_next_one_is_asked_for(
    stage: Stage, make_client: MakeClient
) -> None:
    seen = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await seen.wait()
        yield b"second"

    async def read(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.reader.readexactly(len(b"5\r\nfirst\r\n"))
        seen.set()
        await peer.reader.readuntil(b"0\r\n\r\n")
        await peer.send(OK)

    server = await stage.serve(read)
    assert (await make_client(server.url).put("/", body())).ok


async def test_a_huge_part_waits_for_the_reader(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(OK))
    await make_client(server.url).post("/", iter([b"x" * 8_000_000] * 2))
    assert len(server.requests[0].body) == 16_000_000
    assert recorder.last.sending_ns > 0


async def test_an_early_answer_ends_the_upload_and_the_connection(
    stage: Stage, make_client: MakeClient
) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def refuse(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(response(413))
        await peer.until_closed()

    server = await stage.serve(refuse)
    client = make_client(server.url)
    answer = await client.post("/", endless())
    assert answer.status == 413
    assert closed.is_set()
    await client.post("/", b"")
    assert len(server.peers) == 2


async def test_what_the_iterator_raises_reaches_the_caller_and_is_a_failed_request(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise LookupError("secret")

    server = await stage.serve(answering(OK))
    with pytest.raises(LookupError, match="secret"):
        await make_client(server.url).post("/", broken())
    assert recorder.last.failed
    assert recorder.last.tags["error"] == "the body raised LookupError"


async def test_a_part_that_is_no_text_is_the_callers_error(
    stage: Stage, make_client: MakeClient
) -> None:
    server = await stage.serve(answering(OK))
    with pytest.raises(TypeError, match="a part of a body is bytes or text, not int"):
        await make_client(server.url).post("/", [b"a", 1])


async def test_a_cancelled_upload_lets_go_of_its_iterator(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    started, closed = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"first"
            started.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    server = await stage.serve(answering(OK))
    upload = asyncio.ensure_future(make_client(server.url).post("/", endless()))
    await started.wait()
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert closed.is_set()
    assert recorder.last.tags["error"] == "request canceled"


@pytest.mark.parametrize(("body", "repeats"), [([b"a"], True), (iter([b"a"]), False)])
async def test_a_redirect_repeats_only_a_body_that_can_be_had_again(
    stage: Stage, make_client: MakeClient, body: object, repeats: bool
) -> None:
    server = await stage.serve(
        answering(lambda r: response(307, Location="/b") if r.path == "/a" else OK)
    )
    answer = await make_client(server.url).put("/a", body)
    assert answer.ok is repeats
    if repeats:
        assert [request.body for request in server.requests] == [b"a", b"a"]
    else:
        assert "needs the body again" in answer.error


@pytest.mark.parametrize("body", [{"a": 1}, 5, object()])
async def test_what_is_no_body_is_refused(make_client: MakeClient, body: object) -> None:
    with pytest.raises(TypeError, match="bytes, text or an iterator"):
        await make_client("http://127.0.0.1:1").post("/", body)
