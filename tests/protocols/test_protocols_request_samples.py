"""Which requests are told of by themselves, and what is told."""

from __future__ import annotations

import pytest
from scripted_server import MakeClient, Stage, answering, response

from atlas_perf.model.request_sample import RequestSample, SampleReason
from atlas_perf.protocols.http.body_excerpt import MAX_CHARACTERS, without_secrets
from atlas_perf.protocols.http.request_samples import RequestSamples
from atlas_perf.protocols.http.response import Response
from atlas_perf.protocols.http.timings import Timings

MS = 1_000_000
TAGS = (("phase", "steady"), ("scenario", "shop"))


def offer(samples: RequestSamples, duration_ms: int, *, status: int = 200, name: str = "x") -> None:
    ok = status == 200
    timings = Timings(duration_ns=duration_ms * MS, waiting_ns=duration_ms * MS)
    answer = Response(
        status=status, url="/x", timings=timings, ok=ok, error_code=0 if ok else 1000 + status
    )
    samples.offer(answer, name, TAGS, late_ns=-1, at_ns=duration_ms * MS)


def durations_ms(samples: tuple[RequestSample, ...]) -> list[int]:
    return [sample.duration_ns // MS for sample in samples]


def test_the_slowest_of_each_second_are_told_slowest_first() -> None:
    samples = RequestSamples(slowest=3)
    for duration_ms in (5, 1, 9, 2, 7, 3):
        offer(samples, duration_ms)
    assert durations_ms(samples.take()) == [9, 7, 5]
    offer(samples, 1)
    assert durations_ms(samples.take()) == [1]
    assert samples.take() == ()


def test_failures_are_told_in_their_order_and_are_not_among_the_slowest() -> None:
    samples = RequestSamples(slowest=1)
    offer(samples, 50, status=503)
    offer(samples, 2)
    offer(samples, 40, status=404)
    told = samples.take()
    assert [(one.reason, one.status) for one in told] == [
        (SampleReason.FAILED, 503),
        (SampleReason.FAILED, 404),
        (SampleReason.SLOW, 200),
    ]
    assert told[0].scenario == "shop"
    assert told[0].phase == "steady"


def test_failures_of_one_kind_leave_room_for_others() -> None:
    samples = RequestSamples(failures=5, alike=2)
    for _ in range(9):
        offer(samples, 1, status=503)
    offer(samples, 1, status=503, name="other")
    for _ in range(9):
        offer(samples, 1, status=500)
    for _ in range(9):
        offer(samples, 1, status=502)
    assert [(one.name, one.status) for one in samples.take()] == [
        ("x", 503),
        ("x", 503),
        ("other", 503),
        ("x", 500),
        ("x", 500),
    ]


def test_instants_count_from_the_runs_start() -> None:
    samples = RequestSamples()
    samples.start_at(30 * MS)
    offer(samples, 70)
    (told,) = samples.take()
    assert told.at_ns == 40 * MS


async def test_both_ways_of_a_request_are_told(stage: Stage, make_client: MakeClient) -> None:
    samples = RequestSamples()
    answer = response(503, b'{"error": "busy", "access_token": "abcdef"}', Content_Type="x/json")
    server = await stage.serve(answering(answer))
    client = make_client(server.url, samples=samples)
    for _ in range(3):  # the first one connects, and the others have a template
        await client.get("/buy/7?id=1")
    told = samples.take()
    assert len(told) == 3
    assert [one.connecting_ns >= 0 for one in told] == [True, False, False]
    for one in told:
        assert one.reason is SampleReason.FAILED
        assert (one.status, one.error_code, one.method) == (503, 1503, "GET")
        assert one.url == f"{server.url}/buy/7?id=1"
        assert one.name == f"{server.url}/buy/{{id}}?id={{id}}"
        assert one.body == '{"error": "busy", "access_token": "***"}'
        assert one.duration_ns == one.sending_ns + one.waiting_ns + one.receiving_ns
        assert one.late_ns == -1


async def test_a_request_without_a_response_is_told_with_its_error(make_client: MakeClient) -> None:
    samples = RequestSamples()
    await make_client("http://127.0.0.1:1", samples=samples).get("/")
    (told,) = samples.take()
    assert (told.status, told.error_code, told.body) == (0, 1212, "")
    assert "refused" in told.error
    assert told.waiting_ns == -1


async def test_without_the_option_nothing_is_told(stage: Stage, make_client: MakeClient) -> None:
    samples = RequestSamples()
    server = await stage.serve(answering(response(500)))
    client = make_client(server.url, samples=samples, request_samples=False)
    await client.get("/")
    await client.get("/")
    assert samples.take() == ()


async def test_a_long_answer_is_cut(stage: Stage, make_client: MakeClient) -> None:
    samples = RequestSamples()
    server = await stage.serve(answering(response(500, b"x" * 5_000)))
    await make_client(server.url, samples=samples).get("/")
    (told,) = samples.take()
    assert told.body == "x" * MAX_CHARACTERS


async def test_a_damaged_answer_is_told_without_its_body(
    stage: Stage, make_client: MakeClient
) -> None:
    samples = RequestSamples()
    server = await stage.serve(answering(response(500, b"no gzip", Content_Encoding="gzip")))
    await make_client(server.url, samples=samples).get("/")
    (told,) = samples.take()
    assert (told.status, told.body) == (500, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"password":"p\\"q","a":"b"}', '{"password":"***","a":"b"}'),
        ('{"apiKey" : "x1"}', '{"apiKey" : "***"}'),
        ("user=u&client_secret=s3&x=1", "user=u&client_secret=***&x=1"),
        ("sent Authorization: Bearer abcdefghij", "sent Authorization: Bearer ***"),
        ("jwt eyJhbGciOiJI.eyJzdWIi.c2ln end", "jwt *** end"),
        ("tokens: 12 of 40", "tokens: 12 of 40"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
