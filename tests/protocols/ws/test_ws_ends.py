"""How sessions end: closed by either side, lost, broken by what came, or with their user."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Callable

import pytest
from scripted_server import Peer, Stage, until
from ws_stage import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    SampleList,
    User,
    accept,
    close_frame,
    frame,
    read_frame,
    session,
    settled,
    silence,
)

from atlas_perf import WebSocketClosed

MakeUser = Callable[..., User]

CONTINUATION = 0


def sending(*frames: bytes) -> Callable[[Peer], object]:
    """Open a session and send this, then listen for the client's close frame."""

    async def handle(peer: Peer) -> None:
        await accept(peer, then=b"".join(frames))
        await peer.until_closed()

    return handle


@pytest.mark.parametrize(
    ("codes", "code", "orderly"),
    [
        (None, 1000, True),
        (None, 1001, False),
        (None, 1011, False),
        (None, 4001, False),
        ({4001}, 4001, True),
        ({4001}, 1000, False),
    ],
)
async def test_closed_by_the_peer(
    stage: Stage,
    make_user: MakeUser,
    samples: SampleList,
    *,
    codes: set[int] | None,
    code: int,
    orderly: bool,
) -> None:
    server = await stage.serve(sending(frame(TEXT, "last words"), close_frame(code, "because")))
    options = {} if codes is None else {"expected_closes": codes}
    socket = await make_user(server.url).ws.connect("/", **options)
    assert await socket.receive() == "last words"
    with pytest.raises(WebSocketClosed) as raised:
        await socket.receive()
    assert (raised.value.code, raised.value.reason) == (code, "because")
    with pytest.raises(WebSocketClosed):
        await socket.send("x")
    if orderly:
        assert [message async for message in socket] == []
    else:
        with pytest.raises(WebSocketClosed):
            [message async for message in socket]
    assert samples.only("ws_session_failed").value == (not orderly)
    duration = samples.only("ws_session_duration")
    assert duration.tags["expected_response"] == ("true" if orderly else "false")
    if not orderly:
        assert samples.only("ws_session_failed").tags["close_code"] == str(code)
        assert duration.tags["error"] == f"closed by the peer with code {code}"
    assert samples.of("ws_sessions_open")[-1].value == 0
    await stage.over()


async def test_a_connection_that_is_lost(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        peer.reset()

    server = await stage.serve(handle)
    socket = await make_user(server.url).ws.connect("/")
    with pytest.raises(WebSocketClosed, match="lost without a close frame"):
        await socket.receive()
    assert socket.close_code == 1006
    assert samples.only("ws_session_failed").tags["close_code"] == "1006"


BROKEN = {
    "an unknown kind": (frame(3, b""), 1002, "malformed frame"),
    "an unknown control": (frame(11, b""), 1002, "malformed frame"),
    "a reserved bit": (frame(TEXT, "x", reserved=0x20), 1002, "malformed frame"),
    "compressed unasked": (frame(TEXT, "x", reserved=0x40), 1002, "malformed frame"),
    "masked": (b"\x81\x81\x00\x00\x00\x00x", 1002, "malformed frame"),
    "a control in parts": (frame(PING, "x", last=False), 1002, "malformed frame"),
    "a long control": (frame(PING, "x" * 126), 1002, "malformed frame"),
    "a continuation of nothing": (frame(CONTINUATION, "x"), 1002, "malformed frame"),
    "a beginning within": (
        frame(TEXT, "x", last=False) + frame(TEXT, "y"),
        1002,
        "malformed frame",
    ),
    "a length that is longer than needed": (b"\x81\x7e\x00\x01x", 1002, "malformed frame"),
    "a negative length": (b"\x81\x7f" + b"\xff" * 8, 1002, "malformed frame"),
    "text that is none": (frame(TEXT, b"\xff\xfe"), 1007, "text that is not UTF-8"),
    "text in parts that is none": (
        frame(TEXT, b"\xc3", last=False) + frame(CONTINUATION, b"\x28"),
        1007,
        "text that is not UTF-8",
    ),
    "too big": (frame(BINARY, b"x" * 1001), 1009, "message too big"),
    "too big in parts": (
        frame(BINARY, b"x" * 600, last=False) + frame(CONTINUATION, b"x" * 600),
        1009,
        "message too big",
    ),
    "empty parts without end": (
        frame(BINARY, b"", last=False) + frame(CONTINUATION, b"", last=False) * 1001,
        1009,
        "message too big",
    ),
    "announced too big": (b"\x82\x7f" + struct.pack(">Q", 1 << 40), 1009, "message too big"),
    "a close code that is none": (close_frame(1006), 1002, "malformed frame"),
    "half a close code": (frame(CLOSE, b"\x03"), 1002, "malformed frame"),
}


@pytest.mark.parametrize(("wire", "code", "error"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_message_ends_the_session_as_a_failure(
    stage: Stage, make_user: MakeUser, samples: SampleList, *, wire: bytes, code: int, error: str
) -> None:
    told: list[tuple[int, bytes]] = []

    async def handle(peer: Peer) -> None:
        await accept(peer)
        await peer.send(wire)
        told.append(await read_frame(peer))
        await peer.until_closed()

    server = await stage.serve(handle)
    socket = await make_user(server.url).ws.connect("/", max_message_bytes=1000)
    with pytest.raises(WebSocketClosed, match=error):
        await socket.receive()
    assert socket.close_code == code
    failed = samples.only("ws_session_failed")
    assert (failed.value, failed.tags["error"]) == (1, error)
    await stage.over()
    ((kind, payload),) = told
    assert kind == CLOSE
    assert struct.unpack(">H", payload[:2]) == (code,)


async def test_a_bomb_is_not_unpacked(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)

    async def handle(peer: Peer) -> None:
        await accept(peer, "Sec-WebSocket-Extensions: permessage-deflate")
        await peer.send(frame(BINARY, bomb[:-4], reserved=0x40))
        await peer.until_closed()

    server = await stage.serve(handle)
    user = make_user(server.url)
    socket = await user.ws.connect("/", compression="deflate", max_message_bytes=100_000)
    with pytest.raises(WebSocketClosed, match="message too big"):
        await socket.receive()
    assert socket.close_code == 1009


async def test_a_broken_compressed_message(stage: Stage, make_user: MakeUser) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer, "Sec-WebSocket-Extensions: permessage-deflate")
        await peer.send(frame(TEXT, b"\xff\xff\xff", reserved=0x40))
        await peer.until_closed()

    server = await stage.serve(handle)
    socket = await make_user(server.url).ws.connect("/", compression="deflate")
    with pytest.raises(WebSocketClosed, match="malformed compressed message"):
        await socket.receive()


async def test_parts_and_controls_between_them(stage: Stage, make_user: MakeUser) -> None:
    answers: list[tuple[int, bytes]] = []

    async def talk(peer: Peer) -> None:
        await peer.send(
            frame(TEXT, "a", last=False),
            frame(PING, "hi"),
            frame(PONG, "unasked"),
            frame(CONTINUATION, "", last=False),
            frame(CONTINUATION, "b"),
        )
        answers.append(await read_frame(peer))

    server = await stage.serve(session(talk))
    async with make_user(server.url).ws.connect("/") as socket:
        assert await socket.receive() == "ab"
        await until(lambda: bool(answers))
    assert answers == [(PONG, b"hi")]


async def test_a_close_that_is_not_answered_is_a_failure(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        await peer.until_closed()

    server = await stage.serve(handle)
    socket = await make_user(server.url).ws.connect("/")
    await socket.close(timeout="20ms")
    assert samples.only("ws_session_failed").tags["error"] == "close not answered in time"
    await socket.close()
    await stage.over()


async def test_a_peer_that_hangs_up_instead_of_closing_is_a_failure(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        await read_frame(peer)

    server = await stage.serve(handle)
    socket = await make_user(server.url).ws.connect("/")
    await socket.close()
    assert socket.close_code == 1006
    assert samples.only("ws_session_failed").value == 1


async def test_codes_and_reasons_that_cannot_be_sent(stage: Stage, make_user: MakeUser) -> None:
    server = await stage.serve(session(silence))
    async with make_user(server.url).ws.connect("/") as socket:
        for code in (999, 1005, 1006, 2000, 5000):
            with pytest.raises(ValueError, match="no close code"):
                await socket.close(code)
        with pytest.raises(ValueError, match="at most 123 bytes"):
            await socket.close(1000, "x" * 124)
        await socket.close(4999, "done")
    assert socket.close_code == 4999


async def test_a_ping_without_a_pong(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    server = await stage.serve(session(silence))
    socket = await make_user(server.url).ws.connect("/")
    with pytest.raises(TimeoutError):
        await socket.ping(timeout="10ms")
    assert samples.only("ws_ping").tags["expected_response"] == "false"


async def test_receiving_has_a_limit(stage: Stage, make_user: MakeUser) -> None:
    server = await stage.serve(session(silence))
    async with make_user(server.url).ws.connect("/") as socket:
        with pytest.raises(TimeoutError):
            await socket.receive(timeout="5ms")


async def test_an_inbox_that_is_full_loses_the_oldest_and_says_so(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def talk(peer: Peer) -> None:
        await peer.send(*(frame(TEXT, str(number)) for number in range(5)))

    server = await stage.serve(session(talk))
    async with make_user(server.url).ws.connect("/", inbox=3) as socket:
        await settled(samples, "ws_msgs_received", 5)
        assert [await socket.receive() for _ in range(3)] == ["2", "3", "4"]
    assert samples.total("ws_msgs_unread") == 2


async def test_an_iteration_does_not_leave_its_sessions_to_the_next(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    server = await stage.serve(session(silence))
    user = make_user(server.url)
    user.ws.begin_iteration()
    left = await user.ws.connect("/")
    held = await user.ws.session("/held")
    user.ws.begin_iteration()
    await settled(samples, "ws_session_failed")
    assert (left.close_code, left.is_open) == (1000, False)
    assert held.is_open
    assert await user.ws.session("/held") is held
    assert user.ws.open_sessions == 1
    await user.ws.close()
    assert not held.is_open
    assert [sample.value for sample in samples.of("ws_session_failed")] == [0, 0]
    outcomes = [each.tags["expected_response"] for each in samples.of("ws_session_duration")]
    assert outcomes == ["true", "unknown"], "the run ended the second one"
    assert [sample.value for sample in samples.of("ws_sessions_open")] == [1, 2, 1, 0]


async def test_a_user_that_leaves_takes_its_sessions_along(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    server = await stage.serve(session(silence))
    user = make_user(server.url)
    held = await user.ws.session("/held", reconnect=True)
    user.ws.retire()
    await settled(samples, "ws_session_failed")
    assert not held.is_alive
    assert samples.only("ws_session_failed").value == 0
    assert samples.only("ws_session_duration").tags["expected_response"] == "unknown"
    user.ws.begin_iteration()
    assert await user.ws.session("/held") is not held


async def test_a_closed_client_opens_nothing(stage: Stage, make_user: MakeUser) -> None:
    server = await stage.serve(session(silence))
    user = make_user(server.url)
    await user.ws.close()
    with pytest.raises(asyncio.CancelledError):
        await user.ws.connect("/")
    assert server.peers == []


async def test_a_canceled_block_does_not_wait_for_the_peer(
    stage: Stage, make_user: MakeUser, samples: SampleList
) -> None:
    async def handle(peer: Peer) -> None:
        await accept(peer)
        await peer.until_closed()

    server = await stage.serve(handle)
    user = make_user(server.url)
    inside = asyncio.Event()

    async def block() -> None:
        async with user.ws.connect("/"):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert samples.only("ws_session_failed").value == 0
    await stage.over()
