"""The server's own counters: by endpoint, method and status."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from atlas_perf.target.answers import Refusal
from atlas_perf.target.routes_control import is_loopback, loopback_only


async def counters(target) -> dict:
    async with target.get("/_target/counters") as answer:
        counted = await answer.json()
    del counted["websocket"]
    return counted


async def test_every_answer_is_counted_under_its_route(target, run_order) -> None:
    requests = [
        *[("POST", "/api/runs", run_order)] * 3,
        ("POST", "/api/runs", {}),
        *[("GET", "/api/runs?page=0", None)] * 2,
        ("GET", "/api/runs/run-00000001", None),
        ("GET", "/api/runs/run-00000002", None),
        ("GET", "/api/runs/never", None),
        ("DELETE", "/api/runs/run-00000001", None),
        ("GET", "/nowhere", None),
        ("PUT", "/api/runs", None),
    ]
    for method, path, body in requests:
        async with target.request(method, path, json=body):
            pass
    assert await counters(target) == {
        "total": len(requests),
        "endpoints": {
            "DELETE /api/runs/{id}": {"204": 1},
            "GET (unmatched)": {"404": 1},
            "GET /api/runs": {"200": 2},
            "GET /api/runs/{id}": {"200": 2, "404": 1},
            "POST /api/runs": {"201": 3, "400": 1},
            "PUT (unmatched)": {"405": 1},
        },
    }


async def test_reset_starts_afresh_with_the_same_seed(target, run_order) -> None:
    async with target.post("/api/runs", json=run_order) as answer:
        before = (await answer.json())["id"]
    async with target.post("/_target/reset") as answer:
        assert answer.status == 204
    assert await counters(target) == {"total": 0, "endpoints": {}}
    async with target.get("/api/runs") as answer:
        assert (await answer.json())["content"] == []
    async with target.post("/api/runs", json=run_order) as answer:
        assert (await answer.json())["id"] == before


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_loopback_addresses_are_told_from_others(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_control_is_refused_to_another_host() -> None:
    request = make_mocked_request("GET", "/_target/counters").clone(remote="192.0.2.7")
    with pytest.raises(Refusal) as refusal:
        loopback_only(request)
    assert refusal.value.status == 403
