"""What a request may be given; a mistake is one sentence, before anything is sent or counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from scripted_server import KeepingRecorder, MakeClient

from atlas_perf.protocols.http.request import Request, RequestDefaults, RequestParams, build_request

DEFAULTS = RequestDefaults(
    timeout_ns=60_000_000_000, max_redirects=10, throw=False, base_url=None, user_agent="test"
)


def built(**params: object) -> Request:
    return build_request("GET", "http://h/", None, RequestParams(**params), DEFAULTS)  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("params", "error", "sentence"),
    [
        ({"timeout": 5}, ValueError, "5 has no unit: write a duration as '30s'"),
        ({"timeout": "fast"}, ValueError, "'fast' is not a duration"),
        ({"timeout": "0"}, ValueError, "timeout '0' leaves no time"),
        ({"headers": {"A": "b\r\nC: d"}}, ValueError, "header 'A' has a control character"),
        ({"headers": {"A": "b\x00"}}, ValueError, "header 'A' has a control character"),
        ({"headers": {"A\r\nB": "c"}}, ValueError, "is not a header name"),
        ({"headers": {"": "c"}}, ValueError, "'' is not a header name"),
        ({"headers": {"A": "€"}}, ValueError, "header 'A' has a character outside Latin-1"),
        ({"headers": {"A": 1}}, TypeError, "header 'A' must be text"),
        ({"headers": {"content-LENGTH": "1"}}, ValueError, "is set from the body"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, ValueError, "is set from the body"),
        ({"cookies": {"a b": "c"}}, ValueError, "'a b' is not a cookie name"),
        ({"cookies": {"a": "b;c"}}, ValueError, "cookie 'a' has a character"),
        ({"cookies": {"a": "b\r\n"}}, ValueError, "cookie 'a' has a character"),
        ({"json": 1, "data": {"a": 1}}, ValueError, "give a request one of body=, json= and data="),
        ({"data": "a=b"}, TypeError, "pass text or bytes as body="),
        ({"auth": ("a:b", "c")}, ValueError, "cannot contain a colon"),
        ({"max_redirects": -1}, ValueError, "max_redirects -1 is not a count"),
        ({"max_redirects": True}, ValueError, "max_redirects True is not a count"),
        ({"expected_statuses": "200"}, TypeError, "expected_statuses takes numbers"),
        ({"expected_statuses": ["200"]}, TypeError, "expected_statuses takes numbers"),
        ({"expected_statuses": True}, TypeError, "expected_statuses takes numbers"),
        ({"jsn": {}}, TypeError, "a request has no option jsn=: did you mean json="),
        ({"zzzzzz": 1}, TypeError, "a request has no option zzzzzz=; known are json, data"),
    ],
)
async def test_mistakes(
    make_client: MakeClient,
    recorder: KeepingRecorder,
    params: dict,
    error: type[Exception],
    sentence: str,
) -> None:
    with pytest.raises(error) as raised:
        await make_client().get("http://h.example/", **params)
    assert sentence in str(raised.value)
    assert recorder.requests == []


@pytest.mark.parametrize("method", ["GE T", "GET\r\nX: y", "", "GET\x00", None])
def test_methods_that_are_none(method: str) -> None:
    with pytest.raises(ValueError, match="is not an HTTP method"):
        build_request(method, "http://h/", None, {}, DEFAULTS)


@pytest.mark.parametrize("method", ["CONNECT", "connect"])
def test_a_tunnel_is_no_request(method: str) -> None:
    with pytest.raises(ValueError, match="the option `proxy` opens tunnels"):
        build_request(method, "http://h/", None, {}, DEFAULTS)


def test_a_body_of_a_wrong_type() -> None:
    with pytest.raises(TypeError, match="bytes, text or an iterator of them, not dict: use json="):
        build_request("POST", "http://h/", {}, {}, DEFAULTS)  # type: ignore[arg-type]


def test_a_url_of_a_wrong_type() -> None:
    with pytest.raises(TypeError, match="a URL is text, not bytes"):
        build_request("GET", b"http://h/", None, {}, DEFAULTS)  # type: ignore[arg-type]


def test_defaults_and_what_replaces_them() -> None:
    plain = built()
    assert (plain.timeout_ns, plain.max_redirects, plain.throw) == (60_000_000_000, 10, False)
    assert (plain.name, plain.expected_statuses) == (None, range(200, 400))
    chosen = built(timeout="1m30s", max_redirects=0, throw=True, name="n", expected_statuses=404)
    assert (chosen.timeout_ns, chosen.max_redirects, chosen.throw) == (90_000_000_000, 0, True)
    assert (chosen.name, chosen.expected_statuses) == ("n", {404})
    assert built(timeout=timedelta(milliseconds=5)).timeout_ns == 5_000_000


def test_none_means_not_given() -> None:
    names = RequestParams.__annotations__
    assert built(**dict.fromkeys(names)) == built()


def test_a_method_is_sent_in_capitals() -> None:
    assert build_request("get", "http://h/", None, {}, DEFAULTS).method == "GET"


def test_a_user_agent_cannot_break_out_of_its_header(make_client: MakeClient) -> None:
    with pytest.raises(ValueError, match="header 'User-Agent' has a control character"):
        make_client(user_agent="robot\r\nX: y")
