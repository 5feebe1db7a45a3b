"""What the numbers mean: phases add up, the clock stops at the last byte, nothing later counts."""

from __future__ import annotations

import asyncio
import gzip
import json

import pytest
from scripted_server import KeepingRecorder, MakeClient, Peer, Stage, answering, response

from atlas_perf import clock
from atlas_perf.protocols.http import response as response_module
from atlas_perf.protocols.http.timings import Stopwatch, Timings
from atlas_perf.units import NS_PER_MS


def stopwatch(**marks: int) -> Stopwatch:
    watch = Stopwatch(100)
    for name, value in marks.items():
        setattr(watch, name, value)
    return watch


def test_phases_of_a_fresh_tls_connection() -> None:
    watch = stopwatch(
        dial_began_ns=110,
        dial_ended_ns=130,
        tls_began_ns=130,
        tls_ended_ns=170,
        send_began_ns=175,
        sent_ns=180,
        first_byte_ns=250,
        last_byte_ns=1000,
    )
    assert Timings.of_response(watch) == Timings(
        duration_ns=825,
        blocked_ns=15,
        connecting_ns=20,
        tls_handshaking_ns=40,
        sending_ns=5,
        waiting_ns=70,
        receiving_ns=750,
    )


def test_a_kept_connection_has_no_connect_phases() -> None:
    watch = stopwatch(send_began_ns=107, sent_ns=108, first_byte_ns=110, last_byte_ns=110)
    timings = Timings.of_response(watch)
    assert (timings.connecting_ns, timings.tls_handshaking_ns) == (-1, -1)
    assert (timings.blocked_ns, timings.receiving_ns, timings.duration_ns) == (7, 0, 3)


@pytest.mark.parametrize("sent_ns", [-1, 300])
def test_an_answer_before_the_request_is_sent_leaves_no_negative_phase(sent_ns: int) -> None:
    watch = stopwatch(send_began_ns=100, sent_ns=sent_ns, first_byte_ns=150, last_byte_ns=400)
    timings = Timings.of_response(watch)
    assert (timings.sending_ns, timings.waiting_ns, timings.receiving_ns) == (50, 0, 250)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ({}, (100, -1, -1, -1, -1, -1)),
        ({"dial_began_ns": 110}, (10, 90, -1, -1, -1, -1)),
        (
            {"dial_began_ns": 110, "dial_ended_ns": 120, "tls_began_ns": 120},
            (10, 10, 80, -1, -1, -1),
        ),
        ({"send_began_ns": 130}, (30, -1, -1, 70, -1, -1)),
        ({"send_began_ns": 130, "sent_ns": 140}, (30, -1, -1, 10, 60, -1)),
        ({"send_began_ns": 130, "sent_ns": 140, "first_byte_ns": 150}, (30, -1, -1, 10, 10, 50)),
    ],
)
def test_a_failure_ends_the_phase_it_happened_in(
    marks: dict[str, int], expected: tuple[int, ...]
) -> None:
    timings = Timings.of_failure(stopwatch(**marks), 200)
    assert timings.duration_ns == 100
    assert expected == (
        timings.blocked_ns,
        timings.connecting_ns,
        timings.tls_handshaking_ns,
        timings.sending_ns,
        timings.waiting_ns,
        timings.receiving_ns,
    )


def test_a_second_attempt_makes_the_first_one_blocked_time() -> None:
    watch = stopwatch(send_began_ns=110, sent_ns=120)
    watch.forget_exchange()
    watch.dial_began_ns, watch.dial_ended_ns = 150, 160
    watch.send_began_ns, watch.sent_ns = 165, 166
    watch.first_byte_ns = watch.last_byte_ns = 170
    timings = Timings.of_response(watch)
    assert (timings.blocked_ns, timings.connecting_ns, timings.duration_ns) == (55, 10, 5)


def test_milliseconds_for_people() -> None:
    timings = Timings(duration_ns=1_500_000, waiting_ns=-1)
    assert (timings.duration_ms, timings.waiting_ms) == (1.5, 0)


async def test_the_clock_runs_to_the_last_byte_of_a_trickling_body(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    sent_at: list[int] = []

    async def trickle(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
        for _ in range(7):
            await asyncio.sleep(0.05)
            sent_at.append(clock.now_ns())
            await peer.send(b"x")
        await peer.until_closed()

    server = await stage.serve(trickle)
    began_ns = clock.now_ns()
    answer = await make_client(server.url).get("/")
    returned_ns = clock.now_ns()
    sample = recorder.last
    assert answer.timings.duration_ns == sample.duration_ns == sample.service_ns
    # By cause and effect, whatever the machine does: sent before the first and after the last.
    assert sample.duration_ns >= sent_at[-1] - sent_at[0] + 49 * NS_PER_MS
    assert sample.duration_ns >= 340 * NS_PER_MS
    assert sample.receiving_ns >= sent_at[-1] - sent_at[0]
    assert sample.waiting_ns < sample.duration_ns / 4
    assert sent_at[-1] <= sample.at_ns <= returned_ns
    assert sample.duration_ns + max(sample.connecting_ns, 0) + sample.blocked_ns <= (
        returned_ns - began_ns
    )


async def test_decoding_is_outside_and_happens_only_if_asked_for(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, monkeypatch
) -> None:
    events: list[str] = []
    decode_body = response_module.decode_body

    def observed(body: bytes, encoding: str) -> bytes:
        events.append(f"decoded after {len(recorder.requests)} samples")
        return decode_body(body, encoding)

    monkeypatch.setattr(response_module, "decode_body", observed)
    document = {"numbers": list(range(50_000))}
    packed = gzip.compress(json.dumps(document).encode())
    server = await stage.serve(answering(response(200, packed, Content_Encoding="gzip")))
    client = make_client(server.url)

    unread = await client.get("/")
    assert events == []
    read = await client.get("/")
    before = list(recorder.requests)
    assert read.json() == document
    read.text()
    assert events == ["decoded after 2 samples"]
    assert recorder.requests == before
    for answer, sample in zip([unread, read], recorder.requests, strict=True):
        assert answer.timings.duration_ns == sample.duration_ns == sample.service_ns
        assert answer.wire_body == packed
        assert answer.body_bytes == len(packed)


async def test_the_same_marks_with_and_without_reading_the_body(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder, monkeypatch
) -> None:
    """Under a clock that ticks once per reading, equal requests have equal durations."""
    ticks = iter(range(0, 10**9, 1000))
    monkeypatch.setattr(clock, "now_ns", lambda: next(ticks))
    server = await stage.serve(
        answering(response(200, gzip.compress(b"[]"), Content_Encoding="gzip"))
    )
    client = make_client(server.url)
    await client.get("/")
    for read in (False, True, False, True):
        answer = await client.get("/")
        if read:
            assert answer.json() == []
        for _ in range(50):
            clock.now_ns()  # time passes in the scenario
    assert len({sample.duration_ns for sample in recorder.requests[1:]}) == 1


async def test_waiting_begins_again_after_an_interim_response(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    final_at: list[int] = []

    async def early_hints(peer: Peer) -> None:
        request = await peer.request()
        assert request.method == "GET"
        await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        await asyncio.sleep(0.05)
        final_at.append(clock.now_ns())
        await peer.send(response(200, b"ok"))
        await peer.until_closed()

    server = await stage.serve(early_hints)
    answer = await make_client(server.url).get("/")
    assert answer.body == b"ok"
    assert recorder.last.at_ns - recorder.last.receiving_ns >= final_at[0]
    assert recorder.last.waiting_ns > recorder.last.receiving_ns


async def test_the_sample_is_dated_at_the_last_byte_not_at_the_return(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(200, b"ok")))
    client = make_client(server.url)
    for _ in range(3):
        began_ns = clock.now_ns()
        await client.get("/")
        sample = recorder.last
        connecting_ns = max(sample.connecting_ns, 0)
        start_ns = sample.at_ns - sample.duration_ns - sample.blocked_ns - connecting_ns
        assert began_ns <= start_ns <= sample.at_ns <= clock.now_ns()
