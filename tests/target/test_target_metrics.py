"""What the target exposes to Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families


async def samples(target) -> dict[tuple, float]:
    async with target.get("/actuator/prometheus") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await answer.text()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_requests(kind: str, method: str, uri: str, status: str, outcome: str) -> tuple:
    labels = {"method": method, "uri": uri, "status": status, "outcome": outcome}
    return (f"http_server_requests_seconds_{kind}", *sorted(labels.items()))


async def test_requests_are_timed_by_method_template_and_status(start_target, run_order) -> None:
    target = await start_target(latency_scale=1.0)
    for _ in range(3):
        async with target.post("/api/runs", json=run_order):
            pass
    async with target.get("/api/runs/never"):
        pass
    found = await samples(target)
    created = "POST", "/api/runs", "201", "SUCCESS"
    assert found[of_requests("count", *created)] == 3
    assert found[of_requests("count", "GET", "/api/runs/{id}", "404", "CLIENT_ERROR")] == 1
    longest, total = found[of_requests("max", *created)], found[of_requests("sum", *created)]
    assert 0 < longest <= total <= 3 * longest


async def test_types_are_declared(target) -> None:
    async with target.get("/actuator/prometheus") as answer:
        text = await answer.text()
    types = {family.name: family.type for family in text_string_to_metric_families(text)}
    assert types["http_server_requests_seconds"] == "summary"
    assert types["http_server_requests_seconds_max"] == "gauge"
    assert types["websocket_messages_sent"] == "counter"
    assert types["websocket_sessions_open"] == "gauge"
    assert types["process_cpu_seconds"] == "counter"


async def test_what_is_held_and_open_is_told(target, run_order, task_order) -> None:
    for _ in range(2):
        async with target.post("/api/runs", json=run_order):
            pass
    async with target.post("/api/a2a/tasks", json=task_order):
        pass
    path, headers = "/ws/runs/run-1/collaboration", {"X-User-Id": "u"}
    async with target.ws_connect(path, headers=headers) as socket:
        await socket.send_str("{}")
        await socket.receive()
        found = await samples(target)
    assert found["orchestrator_held", ("kind", "runs")] == 2
    assert found["orchestrator_held", ("kind", "tasks")] == 1
    assert found["websocket_sessions_open",] == 1
    assert found["websocket_messages_received_total",] == 1
    assert found["websocket_errors_total",] == 1
    assert found["process_cpu_seconds_total",] > 0


@pytest.mark.parametrize("contract", ["documented", "deployed"])
async def test_what_clients_make_up_adds_no_series(start_target, contract: str) -> None:
    target = await start_target(contract=contract)
    for n, method in enumerate(["PROPFIND", "LOCK", "MKCOL", "REPORT", "UNLINK"]):
        async with target.request(method, f"/made/up/{n}?q={n}"):
            pass
        async with target.get(f"/api/runs/{n}"):
            pass
    counted = [name for name in await samples(target) if name[0].endswith("requests_seconds_count")]
    # The unmatched, the unknown runs, and nothing else: the page does not count itself yet.
    assert len(counted) == 2
