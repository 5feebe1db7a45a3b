"""What goes to HTTP receivers, and what is told of their answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from http_receiver import HttpReceiver

from atlas_perf.errors import UsageError
from atlas_perf.outputs.courier import Undelivered
from atlas_perf.outputs.http_post import HttpPost


@contextmanager
def post_to(url: str, timeout_s: float = 30, **variables: str) -> Iterator[HttpPost]:
    post = HttpPost(
        "prometheus-rw",
        url,
        usual_path="/api/v1/write",
        fixed_headers={"Content-Type": "x/y"},
        variables=variables,
        timeout_s=timeout_s,
    )
    yield post
    post.close()


def post_once(url: str, timeout_s: float = 30, **variables: str) -> Undelivered | None:
    with post_to(url, timeout_s, **variables) as post:
        try:
            post.post(b"x")
        except Undelivered as refused:
            return refused
    return None


def test_payloads_go_over_one_connection():
    with HttpReceiver((200, b"fine"), (204, b"")) as server, post_to(server.url) as post:
        assert post.post(b"one") == b"fine"
        assert post.post(b"two") == b""
    assert [request.body for request in server.requests] == [b"one", b"two"]
    assert len({request.connection for request in server.requests}) == 1
    assert server.requests[0].path == "/api/v1/write"
    assert server.requests[0].headers["Content-Type"] == "x/y"
    assert server.requests[0].headers["User-Agent"] == "atlas-perf"


def test_what_signs_a_request_comes_from_url_or_variables():
    with HttpReceiver() as server:
        authority = server.url.removeprefix("http://")
        post_once(f"http://me:p%40ss-word@{authority}/")
        post_once(server.url, ATLAS_PERF_OUT_PROMETHEUS_RW_TOKEN="tok3n")
        headers = "X-Scope-OrgID=team, X-Other=a=b"
        post_once(server.url, ATLAS_PERF_OUT_PROMETHEUS_RW_HEADERS=headers)
    first, second, third = (request.headers for request in server.requests)
    assert first["Authorization"] == "Basic bWU6cEBzcy13b3Jk"
    assert second["Authorization"] == "Bearer tok3n"
    assert (third["X-Scope-OrgID"], third["X-Other"]) == ("team", "a=b")


@pytest.mark.parametrize("headers", ["no equals", "=x", "a=b\r\nEvil: yes", "a=é"])
def test_headers_that_cannot_be_are_refused_without_showing_them(headers):
    with pytest.raises(UsageError) as refused:
        post_once("http://h/", ATLAS_PERF_OUT_PROMETHEUS_RW_HEADERS=headers)
    assert "ATLAS_PERF_OUT_PROMETHEUS_RW_HEADERS" in str(refused.value)
    assert "Evil" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "passing"),
    [(400, False), (401, False), (404, False), (301, False), (429, True), (500, True), (503, True)],
)
def test_a_refusal_is_told_with_its_first_line_and_no_secret(status, passing):
    body = b"bad token tok3n-of-mine\x1b[31m here\nsecond line"
    with HttpReceiver((status, body)) as server:
        refused = post_once(server.url, ATLAS_PERF_OUT_PROMETHEUS_RW_TOKEN="tok3n-of-mine")
    assert refused is not None
    text = str(refused)
    assert refused.passing is passing
    assert f"it answered {status} " in text
    assert "tok3n" not in text
    assert "second line" not in text
    assert text.isprintable()


def test_a_password_of_the_url_is_not_told_either():
    with HttpReceiver((401, b"p@ss-word and p%40ss-word are wrong")) as server:
        authority = server.url.removeprefix("http://")
        refused = post_once(f"http://me:p%40ss-word@{authority}/")
    assert str(refused) == "it answered 401 Unauthorized: *** and *** are wrong"


def test_nobody_there_may_pass():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    refused = post_once(f"http://127.0.0.1:{port}/")
    assert (str(refused), refused.passing) == ("Connection refused", True)


def test_no_answer_ends_with_the_time_for_it():
    with HttpReceiver(None) as server:
        late = post_once(server.url, timeout_s=0.05)
    assert (str(late), late.passing) == ("no answer within 0.05 s", True)


def test_an_answer_that_never_ends_is_left():
    long = (200, b"x" * 1_000_000)
    with HttpReceiver(long, (204, b"")) as server, post_to(server.url) as post:
        assert len(post.post(b"one")) == 65_536
        assert post.post(b"two") == b""
    assert len({request.connection for request in server.requests}) == 2
