"""Runs over HTTP, as the `documented` contract has them."""

from __future__ import annotations

import pytest

GRAFT = {"agentId": "sre", "position": 2, "reason": "Look at the retries"}


async def create(target, order: dict) -> str:
    async with target.post("/api/runs", json=order) as answer:
        assert answer.status == 201
        return (await answer.json())["id"]


async def read(target, key: str) -> dict:
    async with target.get(f"/api/runs/{key}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_health_is_up(target) -> None:
    async with target.get("/actuator/health") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "UP"})


async def test_a_created_run_answers_with_all_it_was_given(target, run_order) -> None:
    async with target.post("/api/runs", json=run_order) as answer:
        body = await answer.json()
        assert answer.status == 201
        assert answer.content_type == "application/json"
    assert {name: body[name] for name in run_order} == run_order
    assert body["status"] == "pending"
    assert body == await read(target, body["id"])


async def test_a_run_progresses_while_time_passes(target, clock, run_order) -> None:
    key = await create(target, run_order)
    seen = []
    for _ in range(60):
        status = (await read(target, key))["status"]
        if status not in seen:
            seen.append(status)
        clock.pass_ms(100)
    assert seen == ["pending", "running", "completed"]


async def test_the_list_is_newest_first_in_pages(target, run_order) -> None:
    keys = [await create(target, run_order) for _ in range(5)]
    async with target.get("/api/runs?page=0&size=2&sort=createdAt,desc") as answer:
        first = await answer.json()
    async with target.get("/api/runs?page=2&size=2&sort=createdAt,desc") as answer:
        last = await answer.json()
    async with target.get("/api/runs?size=2&sort=createdAt,asc") as answer:
        oldest = await answer.json()
    assert [run["id"] for run in first["content"]] == [keys[4], keys[3]]
    assert [run["id"] for run in last["content"]] == [keys[0]]
    assert [run["id"] for run in oldest["content"]] == [keys[0], keys[1]]
    assert (first["totalElements"], first["totalPages"]) == (5, 3)


async def test_the_list_has_the_defaults_of_the_contract(target, run_order) -> None:
    keys = [await create(target, run_order) for _ in range(21)]
    async with target.get("/api/runs") as answer:
        body = await answer.json()
    assert [run["id"] for run in body["content"]] == keys[:0:-1]
    assert (body["number"], body["size"]) == (0, 20)


async def test_a_list_shows_the_status_of_this_moment(target, clock, run_order) -> None:
    await create(target, run_order)
    clock.pass_ms(60_000)
    async with target.get("/api/runs") as answer:
        assert [run["status"] for run in (await answer.json())["content"]] == ["completed"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=-1", "page"),
        ("page=x", "page"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("size=9999999999999", "size"),
        ("sort=prompt,desc", "sort"),
        ("sort=createdAt,down", "sort"),
    ],
)
async def test_a_wrong_page_is_refused_by_name(target, query: str, field: str) -> None:
    async with target.get(f"/api/runs?{query}") as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, field)


async def test_a_graft_stays_with_the_run(target, clock, run_order) -> None:
    key = await create(target, run_order)
    clock.pass_ms(60_000)  # also when the run has ended
    async with target.post(f"/api/runs/{key}/graft", json=GRAFT) as answer:
        assert answer.status == 200
        assert (await answer.json())["grafts"] == [GRAFT]
    assert (await read(target, key))["graftCount"] == 1


async def test_the_answer_to_a_read_does_not_grow_with_grafts(target, run_order) -> None:
    key = await create(target, run_order)
    for position in range(25):
        async with target.post(
            f"/api/runs/{key}/graft", json={**GRAFT, "position": position}
        ) as answer:
            assert answer.status == 200
    run = await read(target, key)
    assert run["graftCount"] == 25
    assert [graft["position"] for graft in run["grafts"]] == list(range(15, 25))


async def test_a_deleted_run_is_gone_everywhere(target, run_order) -> None:
    kept, deleted = [await create(target, run_order) for _ in range(2)]
    async with target.delete(f"/api/runs/{deleted}") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    async with target.get("/api/runs") as answer:
        assert [run["id"] for run in (await answer.json())["content"]] == [kept]
    async with target.delete(f"/api/runs/{deleted}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/runs/never", None),
        ("POST", "/api/runs/never/graft", GRAFT),
        ("DELETE", "/api/runs/never", None),
    ],
)
async def test_an_unknown_run_is_not_found(target, method: str, path: str, body) -> None:
    async with target.request(method, path, json=body) as answer:
        assert answer.status == 404
        assert "'never'" in (await answer.json())["message"]


async def test_runs_beyond_the_limit_are_forgotten_unless_used(start_target, run_order) -> None:
    target = await start_target(max_runs=3)
    pool = await create(target, run_order)
    for _ in range(10):
        await create(target, run_order)
        await read(target, pool)
    async with target.get("/api/runs") as answer:
        body = await answer.json()
    assert body["totalElements"] == 3
    assert body["content"][-1]["id"] == pool


async def test_the_same_seed_gives_the_same_lives(start_target, clock, run_order) -> None:
    async def lives(seed: int) -> list[str]:
        target = await start_target(seed=seed)
        keys = [await create(target, run_order) for _ in range(30)]
        clock.pass_ms(1400)  # the median of a security run: half have ended
        return [(await read(target, key))["status"] for key in keys]

    first = await lives(1)
    assert first == await lives(1)
    assert first != await lives(2)
    assert {"running", "completed"} <= set(first)
