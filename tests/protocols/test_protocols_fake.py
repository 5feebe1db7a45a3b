"""The client without a network that users test their scenarios with."""

from __future__ import annotations

import inspect

import pytest

from atlas_perf.model.plan import HttpOptions
from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.http.request import Request
from atlas_perf.protocols.http.response import HttpError, Response


async def test_answers_by_method_and_url() -> None:
    http = FakeHttpClient(base_url="http://api.example")
    http.answer("GET", "/runs", json=[{"id": 1}])
    http.answer("POST", "http://api.example/runs", status=201, body="made", headers={"X": "y"})
    listed = await http.get("/runs")
    made = await http.post("/runs", json={"a": 1}, name="create", tags={"t": "1"})
    assert (listed.status, listed.json(), listed.ok) == (200, [{"id": 1}], True)
    assert listed.headers["content-type"] == "application/json"
    assert (made.status, made.text(), made.headers["x"]) == (201, "made", "y")
    assert (made.method, made.url) == ("POST", "http://api.example/runs")
    assert [(r.method, r.url, r.body, r.name) for r in http.requests] == [
        ("GET", "http://api.example/runs", b"", None),
        ("POST", "http://api.example/runs", b'{"a":1}', "create"),
    ]
    assert http.requests[1].tags == {"t": "1"}


async def test_patterns_and_the_latest_answer() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/runs/*", status=404)
    http.answer("GET", "/runs/7", body=b"seven")
    assert (await http.get("/runs/8")).status == 404
    assert (await http.get("/runs/7")).body == b"seven"
    http.answer("GET", "/runs/*", status=503)
    assert (await http.get("/runs/7")).status == 503


async def test_brackets_in_an_exact_url() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/a?x[0]=1")
    assert (await http.get("/a?x[0]=1")).ok


async def test_answers_that_are_computed() -> None:
    http = FakeHttpClient()

    def echo(request: Request) -> Response:
        return Response(status=200, wire_body=request.body)

    http.answer("PUT", "*", echo)
    assert (await http.put("/x", "abc")).text() == "abc"


async def test_outcomes_are_judged_as_the_real_client_does() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/missing", status=404)
    plain = await http.get("/missing")
    assert (plain.ok, plain.error_code, plain.error) == (False, 1404, "")
    expected = await http.get("/missing", expected_statuses={404})
    assert (expected.ok, expected.error_code) == (True, 0)


async def test_errors() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/slow", error="request timeout", error_code=1050)
    answer = await http.get("/slow")
    assert (answer.status, answer.error, answer.error_code) == (0, "request timeout", 1050)
    with pytest.raises(HttpError, match="GET /slow: request timeout"):
        await http.get("/slow", throw=True)
    throwing = FakeHttpClient(options=HttpOptions(throw=True))
    throwing.answer("GET", "/slow", error="gone")
    with pytest.raises(HttpError) as raised:
        await throwing.get("/slow")
    assert raised.value.response.error_code == 1000


async def test_an_unknown_request_says_what_was_answered() -> None:
    http = FakeHttpClient(base_url="http://api.example")
    with pytest.raises(AssertionError, match=r"no answer for GET .*/x; answered are: none"):
        await http.get("/x")
    http.answer("GET", "/a")
    http.answer("post", "/x")
    with pytest.raises(
        AssertionError,
        match=r"no answer for GET http://api.example/x; answered are: GET /a, POST /x",
    ):
        await http.get("/x")


async def test_mistakes_are_refused_as_by_the_real_client() -> None:
    http = FakeHttpClient()
    http.answer("GET", "/")
    with pytest.raises(TypeError, match="did you mean json="):
        await http.get("/", jsn={})  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="has no unit"):
        await http.get("/", timeout=5)  # type: ignore[arg-type]
    assert http.requests == []


async def test_every_method_and_the_life_cycle() -> None:
    http = FakeHttpClient()
    for method in ("get", "head", "options", "post", "put", "patch", "delete"):
        http.answer(method, "/")
        assert (await getattr(http, method)("/")).method == method.upper()
    http.cookies.set("http://h/", "a", "1")
    http.begin_iteration()
    assert len(http.cookies) == 0
    await http.close()


def test_it_has_the_real_clients_methods() -> None:
    def methods(kind: type) -> dict[str, list[tuple[object, ...]]]:
        return {
            name: [
                (parameter.name, parameter.kind, parameter.default)
                for parameter in inspect.signature(member).parameters.values()
            ]
            for name, member in inspect.getmembers(kind, inspect.isroutine)
            if not name.startswith("_")
        }

    fake = methods(FakeHttpClient)
    del fake["answer"]
    assert fake == methods(HttpClient)
