"""What goes to HTTP receivers, and what is told of their answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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


def test_a_connection_that_the_server_left_while_it_was_idle_is_no_failure():
    with HttpReceiver(leaving=True) as server, post_to(server.url) as post:
        for number in range(3):
            post.post(b"%d" % number)
    assert [request.body for request in server.requests] == [b"0", b"1", b"2"]


def test_a_server_that_refuses_before_it_has_read_all_is_heard():
    with (
        HttpReceiver((413, b"too large"), reads=False) as server,
        post_to(server.url) as post,
        pytest.raises(Undelivered) as refused,
    ):
        post.post(b"x" * 30_000_000)
    # What it said may be gone with the connection; that it is gone is told in any case.
    told = {"it answered 413 Request Entity Too Large: too large", "Connection reset by peer"}
    assert str(refused.value) in told


def test_a_page_for_people_is_no_receipt():
    with HttpReceiver((200, b"<html>log in"), content_type="text/html; charset=x") as server:
        refused = post_once(server.url)
    assert refused is not None
    assert not refused.passing
    assert str(refused) == ("it answered 200 with a page of HTML: is this the receiver's address?")


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """A port where one connection is told this, whatever it says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(1 << 16)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):  # closed before, it would be a reset
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(30)


def test_what_is_no_http_is_told_without_quoting_it():
    with saying(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        refused = post_once(f"http://127.0.0.1:{port}/")
    assert (str(refused), refused.passing) == ("what it answered is no HTTP", True)


def test_a_receipt_that_is_cut_off_in_its_body_is_one():
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf") as port:
        assert post_once(f"http://127.0.0.1:{port}/") is None


def test_tls_that_is_none_is_told():
    with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        refused = post_once(f"https://127.0.0.1:{port}/")
    assert refused is not None
    assert str(refused).startswith("TLS failed: ")


def test_a_name_without_an_address_may_pass():
    refused = post_once("http://no-such-host.invalid/")
    assert refused is not None
    assert refused.passing
    assert "not known" in str(refused) or "resolution" in str(refused)
