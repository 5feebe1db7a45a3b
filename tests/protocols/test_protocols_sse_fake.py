"""Event streams of the client without a network."""

from __future__ import annotations

import inspect

import pytest

from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.sse.event_parser import ServerSentEvent
from atlas_perf.protocols.sse.event_stream import EventStream
from atlas_perf.protocols.sse.fake_stream import FakeEventStream


async def test_the_events_of_an_answer() -> None:
    http = FakeHttpClient()
    given = [ServerSentEvent("a\nb", "step", "7"), "last"]
    http.answer("GET", "/runs/*/stream", events=given)
    async with http.stream("GET", "/runs/7/stream", tags={"kind": "live"}) as stream:
        assert (stream.status, stream.ok, stream.events) == (200, True, 2)
        events = [(event.data, event.type, event.id) async for event in stream]
    assert events == [("a\nb", "step", "7"), ("last", "message", "7")]
    assert [(one.url, one.tags) for one in http.requests] == [("/runs/7/stream", {"kind": "live"})]


@pytest.mark.parametrize(
    ("answer", "status", "error_code"),
    [({"status": 404}, 404, 1404), ({"json": {}}, 200, 1000), ({"error": "x"}, 0, 1000)],
)
async def test_what_is_no_stream(answer: dict[str, object], status: int, error_code: int) -> None:
    http = FakeHttpClient()
    http.answer("GET", "/", **answer)
    async with http.stream("GET", "/") as stream:
        assert [event async for event in stream] == []
    assert (stream.ok, stream.status, stream.error_code) == (False, status, error_code)


async def test_wrong_arguments_and_counts_are_refused_as_by_the_real_one() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/", events=["x"])
    with pytest.raises(ValueError, match="no silence"):
        http.stream("GET", "/", stall="0s")
    with pytest.raises(KeyError):
        async with http.stream("GET", "/", tokens=lambda event: {}[event.data]) as stream:
            await anext(stream)


def test_it_can_be_asked_what_the_real_one_can() -> None:
    assert inspect.signature(FakeHttpClient.stream).parameters.keys() == (
        inspect.signature(HttpClient.stream).parameters.keys()
    )
    public = {name for name in dir(EventStream) if not name.startswith("_")}
    http = FakeHttpClient()
    fake = http.stream("GET", "/")
    assert isinstance(fake, FakeEventStream)
    assert {name for name in public if name not in dir(fake)} == set()
