"""Users whose requests are cancelled at any moment, and who end at any moment: the books balance.

Every request has a number of its own, which the server reads off its path and the recorder off its
tags. Begun, recorded and received are then counted by three who know nothing of each other.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import trustme
from scripted_server import KeepingRecorder, MakeClient, Peer, Recorded, Stage, response

from atlas_perf import DigestAuth
from atlas_perf.protocols.http.client import HttpClient

USERS = 12
REQUESTS_OF_A_USER = 40
PACE_S = {"http": 0.003, "https": 0.03}
"""How far apart a user's requests are begun, about: as long as a few of them take. On a machine
that is slower at the moment it is as long as a first request of every user takes there."""

DIGEST = response(401, WWW_Authenticate='Digest realm="r", nonce="n", qop="auth"')


class Service:
    """Answers as the path says: `/KIND/NUMBER/HOP`."""

    def __init__(self, random: random.Random) -> None:
        self.received: Counter[str] = Counter()
        self._random = random

    async def serve(self, peer: Peer) -> None:
        while True:
            request = await peer.request()
            kind, name, hop = request.path[1:].split("/")
            if "authorization" in request.headers:
                kind, hop = "quick", "answered"
            self.received[f"{name}/{hop}"] += 1
            await self._answer(peer, kind, name, int(hop) if hop.isdigit() else 0)

    async def _answer(self, peer: Peer, kind: str, name: str, hop: int) -> None:
        body = name.encode()
        match kind:
            case "quick":
                await peer.send(response(200, body))
            case "slow":
                await self._pause()
                await peer.send(response(200, body))
            case "dripping":
                answer = b"HTTP/1.1 100 Continue\r\n\r\n" + response(200, body)
                for at in range(0, len(answer), 7):
                    await peer.send(answer[at : at + 7])
                    await self._pause()
            case "moving":
                if hop < 3:
                    await peer.send(response(302, Location=f"/moving/{name}/{hop + 1}"))
                else:
                    await peer.send(response(200, body))
            case "digest":
                await peer.send(DIGEST)
            case "hanging":
                await peer.until_closed()
            case "breaking":
                await peer.send(response(200, body)[:-1])
                raise ConnectionError

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.uniform(0, 0.002))


KINDS = ["quick", "slow", "dripping", "moving", "digest", "hanging", "breaking"]


class User:
    """Asks for something every moment, cancels some of it, and keeps book of how each ended."""

    def __init__(
        self, number: int, client: HttpClient, pace_s: float, random: random.Random
    ) -> None:
        self.ended: dict[str, str] = {}
        self.late: set[str] = set()  # what was begun after its client was closed
        self._closed = False
        self._number = number
        self._client = client
        self._pace_s = pace_s
        self._random = random

    async def live(self) -> None:
        await self._ask("quick", f"{self._number}-first")  # that there is one, on any machine
        asking: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        for count in range(REQUESTS_OF_A_USER):
            (kind,) = self._random.choices(KINDS, [3, 3, 3, 3, 3, 1, 3])
            task = asyncio.create_task(self._ask(kind, f"{self._number}-{count}"))
            asking.append(task)
            if self._random.random() < 0.5:
                loop.call_later(self._random.uniform(0, 8) * self._pace_s, task.cancel)
            if self._random.random() < 0.4:
                await asyncio.sleep(self._random.uniform(0, 2) * self._pace_s)
            if count == REQUESTS_OF_A_USER * 3 // 4:
                await asyncio.sleep(self._random.uniform(0, 8) * self._pace_s)
                await self._client.close()
                self._closed = True
        await asyncio.wait(asking, timeout=30)
        assert all(task.done() for task in asking)

    async def _ask(self, kind: str, name: str) -> None:
        self.ended[name] = "begun"
        if self._closed:
            self.late.add(name)
        body, options = None, {}
        if kind == "digest":
            options["auth"] = DigestAuth("u", "p")
        if kind == "slow" and self._random.random() < 0.3:
            body = self._parts()
        try:
            answer = await self._client.request(
                "POST" if body else "GET", f"/{kind}/{name}/0", body, name=name, **options
            )
        except asyncio.CancelledError:
            self.ended[name] = "canceled"
            raise
        if answer.ok:
            assert answer.body == name.encode()
        self.ended[name] = "ok" if answer.ok else "failed"

    async def _parts(self) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"part"
            await asyncio.sleep(self._random.uniform(0, 0.002))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_begun_recorded_and_received_agree(
    stage: Stage,
    make_client: MakeClient,
    recorder: KeepingRecorder,
    scheme: str,
    seed: int,
) -> None:
    dice = random.Random(seed)
    service = Service(dice)
    tls = None
    if scheme == "https":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    server = await stage.serve(service.serve, tls=tls)
    clients = [
        make_client(server.url, insecure_skip_tls_verify=True, connections_per_host=4)
        for _ in range(USERS)
    ]
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await asyncio.gather(*(client.get("/quick/first/0", name="first") for client in clients))
    pace_s = max(PACE_S[scheme], loop.time() - began_s)
    assert service.received.pop("first/0") == USERS
    del recorder.requests[:]
    users = [User(number, client, pace_s, dice) for number, client in enumerate(clients)]

    await asyncio.gather(*(user.live() for user in users))
    # Connections are taken in order: once this one is served, so were all before it.
    last = make_client(server.url, insecure_skip_tls_verify=True)
    assert (await last.get("/quick/last/0", name="last")).ok
    await last.close()
    await stage.over()

    samples: dict[str, list[Recorded]] = {}
    for sample in recorder.requests[:-1]:
        samples.setdefault(sample.tags["name"], []).append(sample)
    ended = {name: how for user in users for name, how in user.ended.items()}
    assert samples.keys() == ended.keys()
    for name, how in ended.items():
        *leading, last = samples[name]
        assert not any(sample.failed for sample in leading), name
        assert last.failed == {"ok": False, "failed": True, "canceled": last.failed}[how], name
        canceled = last.failed is None or last.tags.get("error") == "request canceled"
        assert canceled == (how == "canceled"), name
        received = sum(service.received[f"{name}/{hop}"] for hop in (*range(4), "answered"))
        # Cut off before it waited for the response, a request has been waiting for no time.
        sent = sum(
            sample.waiting_ns > (-1 if sample.failed is not None else 0) for sample in samples[name]
        )
        assert received <= sent, (name, how, samples[name])
        if scheme == "http" and last.tags["method"] == "GET":
            assert received == sent, (name, how, samples[name])
        # Under TLS a connection that is broken off with a ticket unread is reset, and the server's
        # streams forget what came before that. The parts of a body leave one after the other.
    late = {name for user in users for name in user.late}
    assert late
    assert {ended[name] for name in late} == {"canceled"}
    assert not any(each.split("/")[0] in late for each in service.received)
    assert {"ok", "canceled"} <= set(ended.values())
    assert len(recorder.requests) > sum(service.received.values()) > USERS
