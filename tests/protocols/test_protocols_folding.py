"""Ids in URLs: what is one, what is none, and what the tags say."""

from __future__ import annotations

import pytest
from folding_by_patterns import folded_by_patterns
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scripted_server import KeepingRecorder, MakeClient, Stage, answering, response

from atlas_perf.protocols.http.folding import folded

UUID = "0b9c6e1a-93f1-4b6e-8a0e-3f0f5d1c2b3a"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/runs/42", "/runs/{id}"),
        ("/runs/42/", "/runs/{id}/"),
        ("/runs/42/steps/7", "/runs/{id}/steps/{id}"),
        ("/1/2/3", "/{id}/{id}/{id}"),
        ("/runs/42.json", "/runs/{id}.json"),
        ("/runs?page=3&size=20", "/runs?page={id}&size={id}"),
        ("?page=3", "?page={id}"),
        (f"/runs/{UUID}", "/runs/{id}"),
        (f"/runs/task-{UUID.upper()}.tar.gz?of={UUID}", "/runs/task-{id}.tar.gz?of={id}"),
        ("/blobs/d41d8cd98f00b204e9800998ecf8427e", "/blobs/{id}"),
        ("/blobs/sha256:" + "ab12" * 16, "/blobs/sha256:{id}"),
        ("/runs/42;v=1", "/runs/{id};v={id}"),
        ("/runs/run-00000014/graft", "/runs/run-{id}/graft"),
        ("/orders/A_12345.json?after=item-99999", "/orders/A_{id}.json?after=item-{id}"),
    ],
)
def test_what_is_an_id(path: str, name: str) -> None:
    assert folded(f"http://10.0.0.1:8088{path}") == f"http://10.0.0.1:8088{name}"


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:8088",
        "http://host/api/v1/users",
        "http://host/api/v1.2/x",
        "http://host/page-2",
        "http://host/report-2024/iso-8859-1",
        "http://host/run-00000014a",
        "http://host/run-00000014-draft",
        "http://host/2024-01-02",
        "http://host/1.5",
        "http://host/h2o?q=a1",
        "http://host/deadbeef",
        "http://host/feedfacefeedfacefeed",
        "http+unix://%2Frun%2F1%2Fapp.sock",
        "",
    ],
)
def test_what_is_none(url: str) -> None:
    assert folded(url) == url


def test_folding_twice_changes_nothing_more() -> None:
    once = folded(f"http://host/a/1/{UUID}?b=2")
    assert folded(once) == once


_PIECES = st.sampled_from(
    [
        *"/?&#;=.-%_:@x{}0",
        *("a", "F", "42", "\u0663", "ü", "\u00b2", "12345678", "deadbeef", UUID, UUID.upper()),
        *("1" * 15, "1" * 16, "abcdef" * 3, "ab12" * 8, "://", "{id}", ".json"),
    ]
)


@given(st.lists(_PIECES, max_size=25).map("".join))
@example("http://h/12345678-1234-1234-1234-1234567890123456")
@example("http://h/42.abcdef0123456789")
@settings(max_examples=500, deadline=None)
def test_folding_is_what_the_patterns_say(url: str) -> None:
    assert folded(url) == folded_by_patterns(url)
    assert folded("http://h/" + url) == folded_by_patterns("http://h/" + url)


async def test_the_raw_url_is_in_no_tag(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(200)))
    client = make_client(server.url)
    for number in (11, 12, 13):
        answer = await client.get(f"/runs/{number}")
        assert answer.url.endswith(f"/runs/{number}")
    for sample in recorder.requests:
        assert sample.tags["url"] == sample.tags["name"] == f"{server.url}/runs/{{id}}"


async def test_a_name_and_the_option_win(
    stage: Stage, make_client: MakeClient, recorder: KeepingRecorder
) -> None:
    server = await stage.serve(answering(response(200)))
    await make_client(server.url).get("/runs/11", name="/runs/11")
    await make_client(server.url, fold_urls=False).get("/runs/12")
    names = [sample.tags["name"] for sample in recorder.requests]
    assert names == ["/runs/11", f"{server.url}/runs/12"]
