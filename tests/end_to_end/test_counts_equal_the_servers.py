"""Known requests through four worker processes: the server's own counters must equal ours."""

from __future__ import annotations

from collections import Counter

from counting_server import CountingServer, answer

SCENARIO = """
from atlas_perf import Counter, Options, VirtualUser

options: Options = {
    "scenarios": {
        "shared": {"executor": "shared-iterations", "vus": 9, "iterations": 203},
        "each": {"executor": "per-vu-iterations", "vus": 6, "iterations": 7, "exec": "each"},
    },
    "thresholds": {"http_reqs": ["count==1099"]},
    "defaultGates": False,
}

orders = Counter("orders")


async def default(vu: VirtualUser) -> None:
    await vu.http.get("/ok")
    await vu.http.post("/created", json={"user": vu.id})
    await vu.http.get("/missing")
    await vu.http.get("/moved")
    orders.add(1)


async def each(vu: VirtualUser) -> None:
    await vu.http.delete("/gone")
    await vu.http.get("/broken", name="broken, by another name")
"""

STATUS = {"/ok": 200, "/created": 201, "/missing": 404, "/moved": 302, "/gone": 204, "/broken": 500}


def handler(method: str, path: str) -> bytes:
    if path == "/moved":
        return answer(302, headers="Location: /ok\r\n")
    if path == "/gone":
        return b"HTTP/1.1 204 No Content\r\n\r\n"
    return answer(STATUS[path])


def test_every_request_is_counted_once_on_both_sides(serve, run_scenario) -> None:
    server: CountingServer = serve(handler)

    run = run_scenario(SCENARIO, "--processes", "4", "--no-thresholds", base_url=server.url)

    assert (run.exit_code, run.summary["verdict"]) == (4, "NO_DATA"), run.stdout + run.stderr
    expected = Counter(
        {
            ("GET", "/ok", 200): 203 * 2,
            ("POST", "/created", 201): 203,
            ("GET", "/missing", 404): 203,
            ("GET", "/moved", 302): 203,
            ("DELETE", "/gone", 204): 42,
            ("GET", "/broken", 500): 42,
        }
    )
    assert server.answered == expected
    ours: Counter[tuple[str, str, int]] = Counter()
    for endpoint in run.summary["endpoints"]:
        path = endpoint["name"].removeprefix(server.url)
        path = "/broken" if path == "broken, by another name" else path
        for status, requests in endpoint["statuses"].items():
            ours[endpoint["method"], path, int(status)] += requests
    assert ours == expected
    assert run.metric("http_reqs")["count"] == expected.total() == 1099
    assert run.metric("http_req_failed") == {
        "rate": (203 + 42) / 1099,
        "passes": 203 + 42,
        "fails": 1099 - 203 - 42,
    }
    assert run.metric("orders")["count"] == 203
    assert run.metric("iterations")["count"] == 203 + 42
    assert len(run.summary["workers"]) == 4


def test_the_ledger_accounts_for_every_iteration(serve, run_scenario) -> None:
    server: CountingServer = serve(handler)

    run = run_scenario(SCENARIO, "--processes", "4", "--no-thresholds", base_url=server.url)

    ledger = run.summary["ledger"]
    assert ledger["shared"] == {
        "scheduled": 203,
        "started": 203,
        "dropped": 0,
        "completed": 203,
        "failed": 0,
        "interrupted": 0,
    }
    assert ledger["each"]["completed"] == 42


def test_a_threshold_on_the_exact_count_passes_and_one_beside_it_fails(serve, run_scenario) -> None:
    server: CountingServer = serve(handler)

    exact = run_scenario(SCENARIO, "--processes", "2", base_url=server.url)
    beside = run_scenario(
        SCENARIO.replace("count==1099", "count==1098"), "--processes", "2", base_url=server.url
    )

    assert (exact.exit_code, exact.summary["verdict"]) == (0, "PASS")
    assert (beside.exit_code, beside.summary["verdict"]) == (1, "FAIL")
