"""The `deployed` contract over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from atlas_perf.target.deployed.runs import LISTED, SHOWN, STAGES

ORDER = {"repo": "atlas/api", "mode": "code", "issueNumber": 7}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def deployed(start_target):
    return await start_target(contract="deployed")


async def create(target, **order) -> dict:
    async with target.post("/api/runs", json={**ORDER, **order}) as answer:
        assert answer.status == 202
        return await answer.json()


async def read(target, key: str) -> dict:
    async with target.get(f"/api/runs/{key}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_a_run_is_accepted_and_received(deployed) -> None:
    run = await create(deployed)
    assert UUID(run["id"]).version == 4
    assert (run["status"], run["repo"], run["issueNumber"]) == ("RECEIVED", "atlas/api", 7)
    assert run["createdAt"].endswith("Z")
    assert await read(deployed, run["id"]) == run


async def test_a_run_passes_every_stage_in_order(deployed, clock) -> None:
    key = (await create(deployed))["id"]
    seen = []
    for _ in range(400):
        run = await read(deployed, key)
        if run["status"] not in seen:
            seen.append(run["status"])
        assert run["currentAgent"] == (run["status"] if run["status"] in STAGES else None)
        clock.pass_ms(10)
    assert seen == ["RECEIVED", *STAGES, "DONE"]


@pytest.mark.parametrize(
    "order",
    [
        {"issueNumber": None, "goal": "Make it faster"},
        {"mode": "chat"},
        {"goal": "both", "autonomy": "observe"},
    ],
)
async def test_what_the_contract_allows_is_accepted(deployed, order: dict) -> None:
    await create(deployed, **order)


@pytest.mark.parametrize("path", ["/api/runs", "/api/a2a/tasks"])
@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"issueNumber": None}, "issueNumber"),
        ({"issueNumber": 0}, "issueNumber"),
        ({"issueNumber": 0, "goal": "x"}, "issueNumber"),
        ({"issueNumber": "7"}, "issueNumber"),
        ({"issueNumber": None, "goal": ""}, "goal"),
        ({"goal": "x" * 4001}, "goal"),
        ({"repo": ""}, "repo"),
        ({"mode": "poem"}, "mode"),
        ({"mode": None}, "mode"),
        ({"autonomy": "wild"}, "autonomy"),
    ],
)
async def test_what_it_does_not_allow_is_400(deployed, path: str, order: dict, field: str) -> None:
    async with deployed.post(path, json={**ORDER, **order}) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, field)


async def test_the_list_is_a_bare_array_newest_first_of_bounded_length(deployed) -> None:
    keys = [(await create(deployed))["id"] for _ in range(LISTED + 5)]
    async with deployed.get("/api/runs") as answer:
        runs = await answer.json()
    assert [run["id"] for run in runs] == keys[: -LISTED - 1 : -1]


async def test_grafts_flags_and_pruned_steps_are_kept(deployed) -> None:
    key = (await create(deployed))["id"]
    graft, flag = {"after": "PM", "agentName": "scanner"}, {"stepId": "PM", "note": "why"}
    for method, path, body in [
        ("POST", "grafts", graft),
        ("PUT", "pruned-steps", {"prunedSteps": "QUALIFIER,WRITER"}),
        ("POST", "flags", flag),
        ("POST", "flags", {"stepId": "WRITER", "note": ""}),
    ]:
        async with deployed.request(method, f"/api/runs/{key}/{path}", json=body) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
    run = await read(deployed, key)
    assert run["pendingGrafts"] == [graft]
    assert run["prunedSteps"] == "QUALIFIER,WRITER"
    assert run["flags"] == [flag, {"stepId": "WRITER", "note": ""}]
    async with deployed.put(f"/api/runs/{key}/pruned-steps", json={"prunedSteps": ""}):
        pass
    assert (await read(deployed, key))["prunedSteps"] == ""


async def test_a_run_shows_its_newest_grafts_only(deployed) -> None:
    key = (await create(deployed))["id"]
    for n in range(SHOWN + 3):
        body = {"after": "PM", "agentName": f"a{n}"}
        async with deployed.post(f"/api/runs/{key}/grafts", json=body):
            pass
    shown = [graft["agentName"] for graft in (await read(deployed, key))["pendingGrafts"]]
    assert shown == [f"a{n}" for n in range(3, SHOWN + 3)]


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "grafts", {"after": "PM"}, "agentName"),
        ("POST", "grafts", {"agentName": "a", "after": 3}, "after"),
        ("PUT", "pruned-steps", {}, "prunedSteps"),
        ("PUT", "pruned-steps", {"prunedSteps": ["PM"]}, "prunedSteps"),
        ("POST", "flags", {"note": "x"}, "stepId"),
        ("POST", "flags", {"stepId": "PM", "note": 5}, "note"),
    ],
)
async def test_a_wrong_change_is_400(deployed, method, path, body, field) -> None:
    key = (await create(deployed))["id"]
    async with deployed.request(method, f"/api/runs/{key}/{path}", json=body) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, field)


ON_ONE_RUN = [
    ("GET", "/api/runs/{}"),
    ("POST", "/api/runs/{}/grafts"),
    ("PUT", "/api/runs/{}/pruned-steps"),
    ("POST", "/api/runs/{}/flags"),
    ("GET", "/api/runs/{}/stream"),
    ("GET", "/api/a2a/tasks/{}"),
]


@pytest.mark.parametrize(("method", "path"), ON_ONE_RUN)
async def test_an_id_that_is_unknown_is_404_and_one_that_is_none_400(
    deployed, method: str, path: str
) -> None:
    for key, status in [(NOBODY, 404), ("run-00000001", 400)]:
        async with deployed.request(method, path.format(key), json={}) as answer:
            assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", f"/api/runs/{NOBODY}", 405),
        ("POST", f"/api/runs/{NOBODY}/graft", 404),
        ("GET", "/api/a2a/tasks/queue", 400),  # read as an id, as in the field
        ("PUT", f"/api/a2a/tasks/{NOBODY}/execute", 404),
        ("DELETE", f"/api/a2a/tasks/{NOBODY}", 405),
        ("GET", f"/ws/runs/{NOBODY}/collaboration", 404),
    ],
)
async def test_what_only_the_documented_contract_has_is_not_served(
    deployed, method: str, path: str, status: int
) -> None:
    async with deployed.request(method, path) as answer:
        assert answer.status == status


async def test_a_task_is_a_run_under_another_name(deployed, clock) -> None:
    async with deployed.post("/api/a2a/tasks", json=ORDER) as answer:
        task = await answer.json()
    assert (answer.status, task["status"]) == (202, "submitted")
    assert (task["repo"], task["issueNumber"]) == ("atlas/api", 7)
    statuses = []
    for ms in (0, 60_000):
        clock.pass_ms(ms)
        async with deployed.get(f"/api/a2a/tasks/{task['taskId']}") as answer:
            statuses.append((await answer.json())["status"])
        assert (await read(deployed, task["taskId"]))["status"].lower() == statuses[-1]
    assert statuses == ["received", "done"]


async def test_agents_and_what_they_can_do_are_told(deployed) -> None:
    async with deployed.get("/api/a2a/agents") as answer:
        agents = await answer.json()
    async with deployed.get("/api/a2a/capabilities") as answer:
        capabilities = await answer.json()
    async with deployed.get("/.well-known/agent.json") as answer:
        card = await answer.json()
    assert len(agents) == len(STAGES)
    assert set(capabilities) == {can for agent in agents for can in agent["capabilities"]}
    assert [skill["name"] for skill in card["skills"]] == [agent["name"] for agent in agents]
    assert card["url"].startswith("http://127.0.0.1:")


async def test_the_api_asks_for_a_token_and_the_card_does_not(start_target) -> None:
    deployed = await start_target(contract="deployed", asks_for_jwt=True)
    paths = ["/api/runs", "/api/a2a/agents", "/api/a2a/capabilities", f"/api/runs/{NOBODY}/stream"]
    for path in paths:
        async with deployed.get(path) as answer:
            assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    async with deployed.get("/.well-known/agent.json") as answer:
        assert answer.status == 200


async def test_a_stream_tells_the_stages_and_the_end(deployed, clock) -> None:
    key = (await create(deployed))["id"]
    clock.pass_ms(60_000)
    async with deployed.get(f"/api/runs/{key}/stream") as answer:
        text = await answer.text()
    assert text.count("event: token") > 10
    assert '"status": "DONE"' in text.rpartition("event: done")[2]


async def test_the_same_seed_gives_the_same_ids(start_target) -> None:
    first, second, other = [
        await start_target(contract="deployed", seed=seed) for seed in (5, 5, 6)
    ]
    key = (await create(first))["id"]
    assert (await create(second))["id"] == key
    assert (await create(other))["id"] != key
    async with first.post("/_target/reset"):
        pass
    assert (await create(first))["id"] == key
