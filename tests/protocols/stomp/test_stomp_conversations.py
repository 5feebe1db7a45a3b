"""A STOMP client beside the reference orchestrator, with SockJS' framing and without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestServer

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.fake_ws import FakeWsClient
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.client_setup import ClientSetup
from atlas_perf.protocols.stomp.conversation import (
    LONGEST_PROBLEM,
    Stomp,
    StompError,
    connect_stomp,
)
from atlas_perf.protocols.stomp.frames import Frame
from atlas_perf.protocols.ws.errors import WebSocketClosed
from atlas_perf.protocols.ws.ws_client import WsClient
from atlas_perf.protocols.ws.ws_setup import WsSetup
from atlas_perf.target.app import build_app
from atlas_perf.target.settings import Contract, TargetSettings
from atlas_perf.units import NS_PER_S

RUN = str(uuid4())
TOPIC = f"/topic/runs/{RUN}/collaboration"


class NoSamples:
    """Takes samples and forgets them."""

    def series(self, metric: object, tags: object) -> int:
        return 0

    def add(self, number: int, value: float, at_ns: int) -> None:
        pass


@pytest.fixture(params=[False, True], ids=["raw", "sockjs"])
def framed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
async def ws(framed: bool) -> AsyncIterator[WsClient]:
    settings = TargetSettings(contract=Contract.DEPLOYED, latency_scale=0, sockjs_framing=framed)
    async with TestServer(build_app(settings)) as server:
        options = HttpOptions(timeout_ns=10 * NS_PER_S)
        base_url = str(server.make_url("/"))
        setup = ClientSetup(options=options, recorder=NoSamples(), base_url=base_url)
        http = HttpClient(setup, lambda: ())
        client = WsClient(WsSetup(setup, base_url), http, lambda: (), seed="0")
        yield client
        await client.close()
        await http.close()


async def connected(ws: WsClient, framed: bool, session: str = "s") -> Stomp:
    socket = await ws.connect(f"/ws/runs/{RUN}/collaboration/000/{session}/websocket")
    return await connect_stomp(socket, framed=framed)


async def test_an_operation_comes_back_to_its_sender_and_to_others(ws, framed) -> None:
    one, other = await connected(ws, framed, "one"), await connected(ws, framed, "other")
    assert one.connected is not None
    assert one.connected.headers["version"] == "1.2"
    for stomp in (one, other):
        await stomp.subscribe(TOPIC)
    body = {"after": "step", "agentName": "sre", "key": "k:1"}
    reply = await one.rtt(
        f"/app/runs/{RUN}/graft", body, correlate="key", answered_by="data.key", limit="30s"
    )
    assert reply.ok, reply.error
    heard = await other.receive("30s")
    assert heard.headers["destination"] == TOPIC
    assert heard.json()["data"] == body


async def test_receipts_unsubscribing_and_goodbye(ws, framed) -> None:
    stomp = await connected(ws, framed)
    subscription = await stomp.subscribe(TOPIC)
    await stomp.send_with_receipt(f"/app/runs/{RUN}/cursor", {"nodeId": "n"})
    assert (await stomp.receive("30s")).json()["data"] == {"nodeId": "n"}
    await stomp.unsubscribe(subscription)
    await stomp.send_with_receipt(f"/app/runs/{RUN}/cursor", {"nodeId": "n"})
    await stomp.disconnect()
    assert stomp.socket.close_code == 1000
    assert not stomp.socket.close_error


async def test_what_the_server_refuses_is_an_error_in_its_words(ws, framed) -> None:
    stomp = await connected(ws, framed)
    with pytest.raises(StompError, match="a topic of this connection's run"):
        await stomp.subscribe("/topic/elsewhere")
    stomp = await connected(ws, framed)
    await stomp.send("/app/elsewhere", {})
    with pytest.raises(StompError, match="names no action") as refusal:
        await stomp.receive("30s")
    assert refusal.value.frame is not None


async def test_the_wrong_framing_is_noticed(ws, framed) -> None:
    with pytest.raises((StompError, WebSocketClosed)):
        await connect_stomp(
            await ws.connect(f"/ws/runs/{RUN}/collaboration/000/s/websocket"),
            framed=not framed,
            limit="500ms",
        )


CONNECTED = "CONNECTED\nversion:1.2\n\n\0"


async def refusing(error: str) -> Stomp:
    """Connected to a server that answers everything else with this."""
    ws = FakeWsClient()
    ws.answer("*", lambda message: CONNECTED if message.startswith("CONNECT") else error)
    return await connect_stomp(await ws.connect("/stomp"))


async def test_an_error_that_names_no_receipt_is_told_in_its_words() -> None:
    stomp = await refusing("ERROR\nmessage:no such topic\n\nmore\0")
    with pytest.raises(StompError, match=r"^no such topic$") as refusal:
        await stomp.subscribe("/topic/elsewhere", limit="1s")
    assert refusal.value.frame == Frame("ERROR", {"message": "no such topic"}, b"more")


async def test_a_long_error_is_shortened_and_its_frame_is_not() -> None:
    stomp = await refusing(f"ERROR\nmessage:{'x' * 1000}\n\n\0")
    with pytest.raises(StompError) as refusal:
        await stomp.subscribe("/topic/elsewhere", limit="1s")
    assert len(str(refusal.value)) == LONGEST_PROBLEM
    assert refusal.value.frame is not None
    assert len(refusal.value.frame.headers["message"]) == 1000


@pytest.mark.parametrize("name", ["heart-beat", "Accept-Version"])
async def test_headers_that_could_not_be_kept_are_refused(name: str) -> None:
    ws = FakeWsClient()
    ws.answer("*", lambda message: CONNECTED)
    socket = await ws.connect("/stomp")
    with pytest.raises(ValueError, match=f"{name}.*cannot be given"):
        await connect_stomp(socket, headers={name: "1000,1000"})
    assert socket.sent == []
