"""The api scenario, one user at a time and without a network."""

from __future__ import annotations

import json
import math
from collections import Counter
from types import SimpleNamespace

import pytest
from orchestrator_double import OrchestratorDouble, json_response

from atlas_perf.loader.overrides import Overrides
from atlas_perf.loader.plan_builder import build_plan
from atlas_perf.protocols.http.response import Response
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user
from atlas_perf.units import NS_PER_S

ITERATIONS = 3000


def within_five_sigma(share: float, count: int):
    """What a count of independent events of this probability comes to."""
    return pytest.approx(share * count, abs=5 * math.sqrt(count * share * (1 - share)))


def values(user: FakeVirtualUser, metric: str) -> list[float]:
    return [sample.value for sample in user.recorded if sample.metric == metric]


@pytest.fixture
def api(load):
    return load("api")


@pytest.fixture
def orchestrator(user) -> OrchestratorDouble:
    return OrchestratorDouble(user.http)


@pytest.fixture
def only_sleep_takes_time(time, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a test adds to `time`."""
    stopped = SimpleNamespace(now_ns=lambda: round(time.added_s * NS_PER_S))
    monkeypatch.setattr("atlas_perf.testing.clock", stopped)


async def iterate(api, user, data, times: int) -> None:
    for _ in range(times):
        user.begin_iteration()
        await api.file.functions["default"](user, data)


async def follow(api, user) -> None:
    await api.namespace["create_and_wait_for_agents"](user)


def test_load_and_thresholds_are_the_contracts(api) -> None:
    plan = build_plan(api.file).plan
    scenario, readers = plan.scenarios
    assert (readers.executor.rate, readers.start_time_ns) == (60, 9 * 60 * NS_PER_S)
    minutes = [
        (stage.duration_ns / NS_PER_S / 60, stage.target) for stage in scenario.executor.stages
    ]
    assert minutes == [(1, 20), (3, 50), (5, 100), (5, 100), (3, 150), (2, 50), (1, 0)]
    assert {(threshold.selector, threshold.expression) for threshold in plan.thresholds} == {
        ("http_req_duration", "p(95)<500"),
        ("http_req_duration{type:ai}", "p(95)<2000"),
        ("errors", "rate<0.01"),
        ("http_req_failed", "rate<0.01"),
        ("successful_requests", "count>1000"),
    }


def test_the_quick_start_scale_makes_a_plan_of_48_seconds(api) -> None:
    plan = build_plan(api.file, Overrides(duration_scale=0.04)).plan
    assert (plan.end_ns, plan.max_vus) == (48 * NS_PER_S, 150 + 150)


async def test_setup_gives_a_pool_of_runs_that_exist(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    assert data == {"run_ids": [f"run-{n}" for n in range(20)]}
    assert list(orchestrator.runs) == data["run_ids"]
    assert json.loads(json.dumps(data)) == data  # it has to reach other processes


async def test_the_mix_is_the_contracts(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    before = len(user.http.requests)
    await iterate(api, user, data, ITERATIONS)
    kinds = Counter(
        (request.method, request.name, request.tags.get("type"), request.tags.get("deliberate"))
        for request in user.http.requests[before:]
    )
    run = "/api/runs/{id}"
    details = kinds["GET", run, None, None] + kinds["GET", run, None, "404"]
    assert kinds["GET", "/api/runs", None, None] == within_five_sigma(0.5, ITERATIONS)
    assert details == within_five_sigma(0.6, ITERATIONS)
    assert kinds["GET", run, None, "404"] == within_five_sigma(0.03, details)
    assert kinds["POST", "/api/runs/{id}/graft", None, None] == within_five_sigma(0.2, ITERATIONS)
    assert kinds["DELETE", run, None, None] == within_five_sigma(0.1, ITERATIONS)
    # A few more than 30 %: whoever has nothing to delete creates first.
    followed = len(values(user, "ai_success"))
    assert followed == within_five_sigma(0.3, ITERATIONS)
    assert 0 <= kinds["POST", "/api/runs", None, None] - followed < 0.02 * ITERATIONS
    assert kinds["GET", run, "ai", None] >= followed


async def test_nobody_meets_a_run_that_is_gone(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    for seed in range(4):
        with fake_virtual_user(seed=seed) as other:
            orchestrator.serve(other.http)
            await iterate(api, other, data, 300)
        sent = len(other.http.requests)
        assert sum(values(other, "errors")) == 0
        assert sum(values(other, "successful_requests")) == sent
        assert len(values(other, "api_latency")) == sent
        assert all(all(results) for results in other.checks.values())
    assert all(key.startswith("never-existed-") for key in orchestrator.not_found)
    assert 0 < len(orchestrator.not_found) == len(set(orchestrator.not_found))
    assert set(data["run_ids"]).isdisjoint(orchestrator.deleted)
    assert orchestrator.deleted


async def test_users_look_at_their_own_runs_too(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    await iterate(api, user, data, 300)
    looked_at = {
        request.url.rpartition("/")[2]
        for request in user.http.requests
        if (request.method, request.tags) == ("GET", {}) and request.name == "/api/runs/{id}"
    }
    assert looked_at & set(data["run_ids"])
    assert looked_at - set(data["run_ids"])


async def test_no_url_with_an_id_names_a_series(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    await iterate(api, user, data, 300)
    assert {request.name for request in user.http.requests} == {
        "/actuator/health",
        "/api/runs",
        "/api/runs/{id}",
        "/api/runs/{id}/graft",
    }


async def test_users_think_for_one_to_three_seconds(api, orchestrator, user) -> None:
    data = await api.file.setup(user)
    thinking = []
    for _ in range(200):
        await iterate(api, user, data, 1)
        thinking.append(user.slept_s[-1])
    assert 1 <= min(thinking) < 1.1
    assert 2.9 < max(thinking) <= 3


async def test_a_user_never_deletes_what_another_created(api, orchestrator, user) -> None:
    await api.namespace["create_a_run"](user)
    with fake_virtual_user() as other:
        orchestrator.serve(other.http)
        await api.namespace["delete_an_own_run"](other, {"run_ids": ["run-0"]})
    assert orchestrator.created == ["run-0", "run-1"]
    assert orchestrator.deleted == ["run-1"]


async def test_teardown_deletes_the_pool(api, orchestrator, user) -> None:
    await api.file.teardown(user, await api.file.setup(user))
    assert orchestrator.runs == {}


@pytest.mark.usefixtures("only_sleep_takes_time")
async def test_ai_latency_is_the_whole_wait_and_its_gap_the_last_pause(api, user) -> None:
    OrchestratorDouble(user.http, looks_until_ended=4)
    await follow(api, user)
    assert user.slept_s == [1.0, 0.25, 0.25, 0.25]
    assert values(user, "ai_latency") == [1750]
    assert values(user, "ai_poll_gap") == [250]
    assert values(user, "ai_success") == [1]
    assert all(request.tags == {"type": "ai"} for request in user.http.requests[1:])


@pytest.mark.usefixtures("only_sleep_takes_time")
async def test_a_run_that_the_first_poll_sees_ended_may_have_ended_any_time_before(
    api, user
) -> None:
    OrchestratorDouble(user.http, looks_until_ended=1)
    await follow(api, user)
    assert values(user, "ai_latency") == [1000]
    assert values(user, "ai_poll_gap") == [1000]


@pytest.mark.usefixtures("only_sleep_takes_time")
async def test_slow_polls_are_part_of_the_wait(api, user, time) -> None:
    statuses = iter(["running", "completed"])

    def slow(_request) -> Response:
        time.added_s += 2
        return json_response(200, {"status": next(statuses)})

    OrchestratorDouble(user.http)
    user.http.answer("GET", "/api/runs/*", slow)
    await follow(api, user)
    assert values(user, "ai_latency") == [5250]
    # The server may have looked, and the run have ended, as soon as the first poll was sent.
    assert values(user, "ai_poll_gap") == [4250]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
async def test_a_run_that_ended_badly_is_an_error_and_no_latency(api, user, status: str) -> None:
    OrchestratorDouble(user.http)
    user.http.answer("GET", "/api/runs/*", json={"status": status})
    await follow(api, user)
    assert values(user, "ai_success") == [0]
    assert values(user, "errors") == [0, 0, 1]  # create and poll were answered rightly
    assert values(user, "ai_latency") == []


async def test_a_run_that_never_ends_is_given_up_as_an_error(api, user) -> None:
    OrchestratorDouble(user.http, looks_until_ended=10_000)
    await follow(api, user)
    assert 25 < sum(user.slept_s) <= 31  # of 30 s, less what this machine took meanwhile
    assert values(user, "ai_success") == [0]
    assert sum(values(user, "errors")) == 1
    assert values(user, "ai_latency") == []


@pytest.mark.parametrize(
    "wrong", [Response(status=500), Response(status=200, wire_body=b'{"sta')], ids=["500", "broken"]
)
async def test_a_poll_that_goes_wrong_is_one_error_and_not_the_runs_end(api, user, wrong) -> None:
    answers = iter([wrong, json_response(200, {"status": "completed"})])
    OrchestratorDouble(user.http)
    user.http.answer("GET", "/api/runs/*", lambda _: next(answers))
    await follow(api, user)
    assert values(user, "ai_success") == [1]
    assert values(user, "errors") == [0, 1, 0]


async def test_a_run_that_is_gone_is_one_error(api, user) -> None:
    OrchestratorDouble(user.http)
    user.http.answer("GET", "/api/runs/*", status=404)
    await follow(api, user)
    assert values(user, "ai_success") == [0]
    assert values(user, "errors") == [0, 1]


@pytest.mark.parametrize(
    ("events", "errors", "success"),
    [
        (['{"status": "RUNNING"}', '{"index": 0}', '{"status": "DONE", "tokens": 1}'], [0], [1]),
        (['{"status": "RUNNING"}', '{"status": "FAILED", "tokens": 1}'], [0, 1], [0]),
    ],
)
async def test_listeners_hear_of_a_runs_end(load, user, events, errors, success) -> None:
    api = load("api", {"CONTRACT": "deployed"})
    api.namespace["LISTENERS"] = 1.0
    user.http.answer("POST", "/api/runs", json={"id": "r-1"}, status=202)
    user.http.answer("GET", "/api/runs/r-1/stream", events=events)
    await follow(api, user)
    assert values(user, "errors") == errors
    assert values(user, "ai_success") == success
    assert len(values(user, "ai_latency")) == sum(success)


async def test_a_run_that_cannot_be_created_is_not_followed(api, user) -> None:
    user.http.answer("POST", "/api/runs", status=503)
    await follow(api, user)
    assert len(user.http.requests) == 1
    assert values(user, "errors") == [1]
    assert values(user, "successful_requests") == [0]
    assert values(user, "ai_success") == []


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"content": 7}'])
async def test_a_body_that_breaks_its_promise_is_an_error(api, user, body: bytes) -> None:
    user.http.answer("GET", "/api/runs?*", body=body)
    await api.namespace["ask"](user, api.namespace["contract"].list_runs(size=20))
    assert values(user, "errors") == [1]
    assert user.checks == {
        "list runs: status is 200": [1],
        "list runs: content is an array": [0],
    }


async def test_a_run_that_should_not_exist_and_does_is_an_error(api, user) -> None:
    user.http.answer("GET", "/api/runs/*", json={"status": "completed"})
    await api.namespace["ask"](user, api.namespace["contract"].unknown_run(user))
    assert values(user, "errors") == [1]
    assert user.checks == {"unknown run: status is 404": [0]}
