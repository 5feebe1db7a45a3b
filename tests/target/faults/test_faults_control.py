"""`/_target/faults`: what is ordered, how often it struck, and who may order."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from atlas_perf.target.answers import Refusal
from atlas_perf.target.faults.board import FaultBoard
from atlas_perf.target.faults.grammar import FaultSpecError
from atlas_perf.target.faults.routes_faults import FaultRoutes

LIST = "/api/runs"
PATH = "/_target/faults"


async def status(target, path: str = LIST) -> int:
    async with target.get(path) as answer:
        return answer.status


async def listed(target) -> list[dict]:
    async with target.get(PATH) as answer:
        assert answer.status == 200
        return (await answer.json())["faults"]


async def texts(target) -> list[str]:
    return [fault["fault"] for fault in await listed(target)]


async def test_faults_come_and_go(target, order) -> None:
    assert await listed(target) == []
    await order(target, "error:500@runs.list")
    assert await status(target) == 500
    await order(target, "error:501@runs.list", "latency:1ms@health")
    assert await status(target) == 501
    async with target.post(PATH, json={"faults": ["error:503@tasks.queue"]}) as answer:
        assert answer.status == 200
    assert await texts(target) == [
        "error:501@runs.list",
        "latency:1ms@health",
        "error:503@tasks.queue",
    ]
    async with target.delete(PATH) as answer:
        assert answer.status == 204
    assert await listed(target) == []
    assert await status(target) == 200


async def test_strikes_and_chances_are_counted(start_target, clock) -> None:
    target = await start_target(faults=("error:500@runs.list,share=50%,after=1s,for=10s",))
    await status(target)
    clock.pass_ms(1000)
    failed = [await status(target) for _ in range(20)].count(500)
    assert 0 < failed < 20
    fault = {"fault": "error:500@runs.list,share=50%,after=1s,for=10s", "struck": failed}
    assert await listed(target) == [{**fault, "on": True, "chances": 20}]
    clock.pass_ms(10_000)
    assert await status(target) == 200
    assert await listed(target) == [{**fault, "on": False, "chances": 20}]


async def test_a_reset_begins_faults_anew(start_target, clock) -> None:
    target = await start_target(faults=("error:500@runs.list,share=40%,for=10s",))
    first = [await status(target) for _ in range(20)]
    clock.pass_ms(10_000)
    assert await status(target) == 200
    async with target.post("/_target/reset") as answer:
        assert answer.status == 204
    assert [fault["struck"] for fault in await listed(target)] == [0]
    assert [await status(target) for _ in range(20)] == first


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"faults": ["latncy:1s"]}, "there is no kind 'latncy'"),
        ({"faults": ["hang", "error:7"]}, "whole number from 400 to 599"),
        ({"faults": ["hang", "hang"]}, "is there twice"),
        ({"faults": ["stall:1s"]}, "only a target that is a process of its own can"),
        ({"faults": "hang"}, "must be an array"),
        ({}, "faults is missing"),
        ([], "must be a JSON object"),
    ],
)
async def test_a_wrong_order_changes_nothing(target, order, body, said: str) -> None:
    await order(target, "error:500@runs.list")
    async with target.put(PATH, json=body) as answer:
        assert answer.status == 400
        assert said in (await answer.json())["message"]
    assert await texts(target) == ["error:500@runs.list"]


async def test_control_is_not_struck_and_not_counted(target, order) -> None:
    await order(target, "error:500@*+health")
    assert len(await listed(target)) == 1
    async with target.get("/_target/counters") as answer:
        assert (await answer.json())["total"] == 0


def test_the_target_starts_only_with_faults_that_can_be_read() -> None:
    with pytest.raises(FaultSpecError, match="there is no kind 'x'"):
        FaultBoard(0, lambda: 0, ["x"])
    with pytest.raises(FaultSpecError, match="101 faults are too many"):
        FaultBoard(0, lambda: 0, [f"latency:{n}ms" for n in range(1, 102)])


@pytest.mark.parametrize("handler", ["list", "replace", "add", "clear"])
async def test_orders_are_taken_from_this_host_only(handler: str) -> None:
    board = FaultBoard(0, lambda: 0, ["hang"])
    request = make_mocked_request("PUT", PATH).clone(remote="192.0.2.7")
    with pytest.raises(Refusal) as refusal:
        await getattr(FaultRoutes(board), handler)(request)
    assert refusal.value.status == 403
    assert board.texts() == ["hang"]
