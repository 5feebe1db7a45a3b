"""What the scenarios say and what the reference orchestrator answers are one contract."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestClient, TestServer

from atlas_perf.errors import ScenarioError
from atlas_perf.protocols.tasks.task_states import END_STATES, QUEUED_STATES, TaskStates
from atlas_perf.target.app import build_app
from atlas_perf.target.settings import Contract, TargetSettings

RUNS = TaskStates(END_STATES, QUEUED_STATES)
"""What the scenarios take statuses of runs for."""


@pytest.fixture
def contract(load):
    return load("api").namespace["contract"]


@pytest.fixture
def deployed(load):
    return load("api", {"CONTRACT": "deployed"}).namespace["contract"]


def settings(request) -> TargetSettings:
    name = Contract.DEPLOYED if "deployed" in request.fixturenames else Contract.DOCUMENTED
    return TargetSettings(latency_scale=0, lifecycle_scale=0, contract=name)


@pytest.fixture
async def ask(request):
    """Sends a call to the reference orchestrator and checks the answer as the scenario would."""
    app = build_app(settings(request))
    client = TestClient(TestServer(app))
    await client.start_server()

    async def ask(call) -> object:
        async with client.request(call.method, call.path, json=call.json) as answer:
            expected = call.expects if isinstance(call.expects, tuple) else (call.expects,)
            assert answer.status in expected, await answer.text()
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
    assert RUNS.end(body["status"]) == "completed"
    await ask(contract.delete_run(run_id))
    await ask(contract.unknown_run(user))


async def test_every_payload_that_can_be_drawn_is_accepted(contract, ask, user) -> None:
    run_id = contract.run_id_in(await ask(contract.create_run(user)))
    for _ in range(100):
        await ask(contract.create_run(user))
        await ask(contract.graft_run(user, run_id))


async def test_every_task_call_gets_the_answer_it_expects(contract, ask, user) -> None:
    await ask(contract.task_queue(user))
    task_id = contract.task_id_in(await ask(contract.submit_task(user)))
    assert (await ask(contract.task_status(task_id)))["status"] == "completed"
    assert contract.review_run(user, "any") is None
    assert contract.stream_path("any") is None


async def test_every_call_of_the_deployed_contract_gets_its_answer(deployed, ask, user) -> None:
    await ask(deployed.health())
    run_id = deployed.run_id_in(await ask(deployed.create_run(user)))
    listed = await ask(deployed.list_runs(size=5))
    assert [run["id"] for run in listed] == [run_id]
    await ask(deployed.run_details(run_id))
    for _ in range(20):
        await ask(deployed.create_run(user))
        await ask(deployed.graft_run(user, run_id))
        await ask(deployed.review_run(user, run_id))
        await ask(deployed.task_queue(user))
        await ask(deployed.unknown_run(user))
    body = await ask(deployed.poll_run(run_id))
    assert RUNS.end(body["status"]) == "completed"
    task_id = deployed.task_id_in(await ask(deployed.submit_task(user)))
    assert (await ask(deployed.task_status(task_id)))["status"] == "done"


def test_what_the_deployed_contract_has_not_is_none(deployed, user) -> None:
    nothing = (
        deployed.delete_run("x"),
        deployed.execute_task(user, "x"),
        deployed.cancel_task("x"),
    )
    assert nothing == (None, None, None)


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("pending", None),
        ("running", None),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
        ("RECEIVED", None),
        ("WRITER", None),
        ("DONE", "completed"),
        ("FAILED", "failed"),
    ],
)
def test_statuses_are_read_as_the_contracts_mean_them(status, end) -> None:
    assert RUNS.end(status) == end


def test_a_contract_that_is_none_is_refused_by_name(load) -> None:
    with pytest.raises(ScenarioError, match="CONTRACT=undocumented names no contract") as refusal:
        load("api", {"CONTRACT": "undocumented"})
    assert "documented" in str(refusal.value)
