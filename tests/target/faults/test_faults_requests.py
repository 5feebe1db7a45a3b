"""Faults in front of the orchestrator: what a client sees of each on the wire."""

from __future__ import annotations

import asyncio

import pytest

from atlas_perf import clock as real_clock
from atlas_perf.units import NS_PER_S

LIST = "/api/runs"
OTHER = "/api/a2a/tasks/queue?agentId=a"


async def status(target, path: str = LIST, method: str = "GET", **request) -> int:
    async with target.request(method, path, **request) as answer:
        await answer.read()
        return answer.status


async def seconds_of(target, path: str = LIST) -> float:
    began_ns = real_clock.now_ns()
    assert await status(target, path) == 200
    return (real_clock.now_ns() - began_ns) / NS_PER_S


async def test_latency_delays_what_it_is_aimed_at(start_target, struck) -> None:
    target = await start_target(faults=("latency:200ms@runs.list",))
    slow = asyncio.create_task(status(target))
    assert await status(target, OTHER) == 200
    assert not slow.done()  # asked for earlier, answered later
    assert await slow == 200
    assert await struck(target) == [1]
    assert await seconds_of(target) >= 0.2


async def test_an_error_takes_the_place_of_the_operation(start_target, run_order, struck) -> None:
    target = await start_target(faults=("error:503@runs.create",))
    async with target.post("/api/runs", json=run_order) as answer:
        assert answer.status == 503
        assert (await answer.json())["error"] == "fault"
    async with target.get(LIST) as answer:
        assert (await answer.json())["content"] == []  # nothing was created
    assert await struck(target) == [1]


async def test_a_reset_is_seen_as_one(start_target, connect, struck) -> None:
    target = await start_target(faults=("reset@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    with pytest.raises(ConnectionResetError):
        await wire.all()
    assert await struck(target) == [1]
    assert await status(target, OTHER) == 200


async def test_a_close_is_an_end_without_a_byte(start_target, connect, struck) -> None:
    target = await start_target(faults=("close@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    assert await wire.all() == b""
    assert await struck(target) == [1]


async def test_a_hang_never_answers(start_target, connect, struck) -> None:
    target = await start_target(faults=("hang@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    while await struck(target) != [1]:
        pass
    answer = asyncio.create_task(wire.all())
    assert await status(target, OTHER) == 200
    assert not answer.done()
    wire.writer.close()
    await asyncio.wait([answer])


async def test_a_share_is_drawn_from_the_seed_for_each_operation(start_target) -> None:
    async def statuses(seed: int, between: bool) -> list[int]:
        target = await start_target(seed=seed, faults=("error:500,share=30%",))
        seen = []
        for _ in range(60):
            seen.append(await status(target))
            if between:
                await status(target, OTHER)
        return seen

    first = await statuses(1, between=False)
    assert 8 <= first.count(500) <= 28
    assert await statuses(1, between=True) == first
    assert await statuses(2, between=False) != first


async def test_operations_draw_apart(start_target) -> None:
    target = await start_target(faults=("error:500,share=50%",))
    drawn = [[await status(target, path) for _ in range(30)] for path in (LIST, OTHER)]
    assert drawn[0] != drawn[1]


async def test_a_window_opens_and_shuts(start_target, clock) -> None:
    target = await start_target(faults=("error:500@runs.list,after=10s,for=5s",))
    seen = []
    for _ in range(4):
        seen.append(await status(target))
        clock.pass_ms(5000)
    assert seen == [200, 200, 500, 200]


async def test_a_ceiling_makes_the_rest_wait(start_target, struck) -> None:
    # The target's clock stands still: each request is due a slot after the one before.
    target = await start_target(faults=("ceiling:20/s@runs.list",))
    assert await seconds_of(target) >= 0
    assert await struck(target) == [0]
    assert await seconds_of(target) >= 0.05
    assert await seconds_of(target) >= 0.10
    assert await struck(target) == [2]


async def test_a_ceiling_may_refuse_the_rest(start_target, clock, struck) -> None:
    target = await start_target(faults=("ceiling:10/s@runs.*,over=refuse",))
    assert [await status(target) for _ in range(3)] == [200, 503, 503]
    clock.pass_ms(100)
    assert [await status(target) for _ in range(2)] == [200, 503]
    clock.pass_ms(5000)  # what was not used is not saved up
    assert [await status(target) for _ in range(2)] == [200, 503]
    assert await status(target, OTHER) == 200
    assert await struck(target) == [4]


async def test_a_ceiling_that_refuses_lets_a_tenth_of_a_second_burst(start_target) -> None:
    target = await start_target(faults=("ceiling:50/s@runs.list,over=refuse",))
    assert [await status(target) for _ in range(7)] == [200] * 5 + [503] * 2


async def test_latency_creeps_with_time(start_target, clock, struck) -> None:
    target = await start_target(faults=("creep:10ms/s@runs.list,most=200ms",))
    clock.pass_ms(10_000)
    assert await seconds_of(target) >= 0.1
    clock.pass_ms(1_000_000)
    assert await seconds_of(target) >= 0.2
    assert await struck(target) == [2]


async def test_latency_creeps_with_requests(start_target) -> None:
    target = await start_target(faults=("creep:30ms/request@runs.list",))
    for n in range(1, 4):
        assert await seconds_of(target) >= 0.03 * n


async def test_memory_leaks_up_to_its_bound_and_comes_back(start_target, order) -> None:
    target = await start_target()
    await order(target, "leak:1MB/request@runs.list,most=3MB")
    for _ in range(5):
        await status(target)
    async with target.get("/_target/faults") as answer:
        (leak,) = (await answer.json())["faults"]
    assert leak["kept_bytes"] == 3_000_000
    assert leak["struck"] == 5
    (leak,) = await order(target, "leak:1MB/request@runs.list,most=3MB")
    assert leak["kept_bytes"] == 0


async def test_memory_leaks_with_time(start_target, clock) -> None:
    target = await start_target(faults=("leak:1MB/s@runs.list",))
    clock.pass_ms(2000)
    await status(target)
    await status(target)
    async with target.get("/_target/faults") as answer:
        (leak,) = (await answer.json())["faults"]
    assert leak["kept_bytes"] == 2_000_000


async def test_what_waits_comes_before_what_ends(start_target, struck) -> None:
    target = await start_target(faults=("error:500@runs.list", "latency:50ms@runs.list"))
    began_ns = real_clock.now_ns()
    assert await status(target) == 500
    assert (real_clock.now_ns() - began_ns) / NS_PER_S >= 0.05
    assert await struck(target) == [1, 1]


async def test_a_target_without_faults_never_meets_them(target, monkeypatch) -> None:
    from atlas_perf.target.faults.board import FaultPoint  # noqa: PLC0415

    async def never(*_: object) -> None:
        raise AssertionError("a fault was looked for")

    monkeypatch.setattr(FaultPoint, "before", never)
    monkeypatch.setattr(FaultPoint, "after", never)
    assert await status(target) == 200


async def test_an_operation_without_faults_never_meets_those_of_others(
    start_target, monkeypatch
) -> None:
    target = await start_target(faults=("error:500@runs.list",))
    assert await status(target, OTHER) == 200
    assert await status(target, "/actuator/health") == 200
