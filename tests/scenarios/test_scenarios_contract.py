"""What the scenarios say and what the reference orchestrator answers are one contract."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from atlas_perf.errors import ScenarioError
from atlas_perf.target.app import build_app
from atlas_perf.target.settings import TargetSettings


@pytest.fixture
def contract(load):
    return load("api").namespace["contract"]


@pytest.fixture
async def ask():
    """Sends a call to the reference orchestrator and checks the answer as the scenario would."""
    app = build_app(TargetSettings(latency_scale=0, lifecycle_scale=0))
    client = TestClient(TestServer(app))
    await client.start_server()

    async def ask(call) -> object:
        async with client.request(call.method, call.path, json=call.json) as answer:
            assert answer.status == call.expects, await answer.text()
            body = await answer.json() if answer.content_type == "application/json" else None
        if call.promise is not None:
            assert call.promise.is_kept_by(body), call.promise.text
        return body

    yield ask
    await client.close()


async def test_every_call_gets_the_answer_it_expects(contract, ask, user) -> None:
    await ask(contract.health())
    run_id = contract.run_id_in(await ask(contract.create_run(user)))
    listed = await ask(contract.list_runs(size=5))
    assert [run["id"] for run in listed["content"]] == [run_id]
    await ask(contract.run_details(run_id))
    await ask(contract.graft_run(user, run_id))
    body = await ask(contract.poll_run(run_id))
    assert contract.run_has_ended(body)
    assert contract.run_has_completed(body)
    await ask(contract.delete_run(run_id))
    await ask(contract.unknown_run(run_id))


async def test_every_payload_that_can_be_drawn_is_accepted(contract, ask, user) -> None:
    run_id = contract.run_id_in(await ask(contract.create_run(user)))
    for _ in range(100):
        await ask(contract.create_run(user))
        await ask(contract.graft_run(user, run_id))


@pytest.mark.parametrize(
    ("status", "ended", "completed"),
    [
        ("pending", False, False),
        ("running", False, False),
        ("completed", True, True),
        ("failed", True, False),
        ("cancelled", True, False),
    ],
)
def test_statuses_are_read_as_the_contract_means_them(contract, status, ended, completed) -> None:
    assert contract.run_has_ended({"status": status}) is ended
    assert contract.run_has_completed({"status": status}) is completed


def test_a_contract_that_is_none_is_refused_by_name(load) -> None:
    with pytest.raises(ScenarioError, match="CONTRACT=undocumented names no contract") as refusal:
        load("api", {"CONTRACT": "undocumented"})
    assert "documented" in str(refusal.value)
