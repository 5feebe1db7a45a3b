"""A run's answer as server-sent events."""

from __future__ import annotations

import asyncio
import json

import pytest

from atlas_perf.target.lifecycle import Lifecycle, Status
from atlas_perf.target.tokens import LAST_SHARE, LEAST_TOKENS, MOST_TOKENS, tokens_of


def life(outcome: Status = Status.COMPLETED) -> Lifecycle:
    return Lifecycle(created_ns=0, running_from_ns=200, ended_ns=1_000_200, outcome=outcome)


def events_of(text: str) -> list[dict]:
    """Server-sent events, the plain way: `id`, `event` and `data` of each block."""
    assert text.endswith("\n\n")
    blocks = text.removesuffix("\n\n").split("\n\n")
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{**event, "data": json.loads(event["data"])} for event in events]


async def stream(target, key: str, **headers: str) -> list[dict]:
    async with target.get(f"/api/runs/{key}/stream", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        return events_of(await answer.text())


async def create(target, order: dict) -> str:
    async with target.post("/api/runs", json=order) as answer:
        return (await answer.json())["id"]


def test_an_answer_has_its_tokens_in_order_within_the_running_time() -> None:
    counts = set()
    for n in range(200):
        tokens = tokens_of(f"run-{n}", life(), seed=0)
        moments = [token.due_ns(life()) for token in tokens]
        assert moments == sorted(moments)
        assert 200 + 50_000 <= moments[0] <= 200 + 200_000
        assert moments[-1] == pytest.approx(200 + LAST_SHARE * 1_000_000, abs=2)
        counts.add(len(tokens))
    assert LEAST_TOKENS <= min(counts) < max(counts) <= MOST_TOKENS


def test_an_answer_is_the_seeds() -> None:
    assert tokens_of("run-1", life(), seed=0) == tokens_of("run-1", life(), seed=0)
    assert tokens_of("run-1", life(), seed=0) != tokens_of("run-1", life(), seed=1)
    assert tokens_of("run-1", life(), seed=0) != tokens_of("run-2", life(), seed=0)


def test_an_answer_that_fails_breaks_off() -> None:
    whole = tokens_of("run-1", life(), seed=0)
    assert tokens_of("run-1", life(Status.FAILED), seed=0) == whole[: len(whole) // 2]


async def test_a_run_that_has_ended_is_told_at_once(start_target, run_order) -> None:
    target = await start_target(lifecycle_scale=0)
    key = await create(target, run_order)
    *tokens, last = await stream(target, key)
    assert [event["event"] for event in tokens] == ["token"] * len(tokens)
    assert [event["id"] for event in tokens] == [str(n + 1) for n in range(len(tokens))]
    assert [event["data"]["index"] for event in tokens] == list(range(len(tokens)))
    assert all(event["data"]["runId"] == key and event["data"]["text"] for event in tokens)
    assert last == {
        "event": "done",
        "data": {"runId": key, "status": "completed", "tokens": len(tokens)},
    }


async def test_a_client_that_comes_back_hears_the_rest(start_target, run_order) -> None:
    target = await start_target(lifecycle_scale=0)
    key = await create(target, run_order)
    whole = await stream(target, key)
    assert await stream(target, key, **{"Last-Event-ID": "10"}) == whole[10:]
    assert await stream(target, key, **{"Last-Event-ID": "999"}) == whole[-1:]
    async with target.get(f"/api/runs/{key}/stream", headers={"Last-Event-ID": "ten"}) as answer:
        assert (answer.status, (await answer.json())["field"]) == (400, "Last-Event-ID")


async def test_a_stream_follows_its_run(start_target, clock, run_order) -> None:
    target = await start_target()
    key = await create(target, run_order)
    async with target.get(f"/api/runs/{key}/stream") as answer:
        first = (await answer.content.readuntil(b"\n\n")).decode()
        assert events_of(first)[0]["data"] == {"runId": key, "status": "pending"}
        clock.pass_ms(60_000)
        rest = events_of((await answer.content.read()).decode())
    assert rest[-1]["event"] == "done"
    assert rest[-1]["data"]["tokens"] == len(rest) - 1


async def test_a_stream_is_live(start_target, clock, run_order) -> None:
    """Under a clock that goes on by 0.1 ms whenever somebody looks at it, so that nothing
    is slept through: tokens are heard while their run goes on."""

    def looked_at() -> int:
        clock.pass_ms(0.1)
        return clock.now_ns

    target = await start_target(lifecycle_scale=0.02, now_ns=looked_at)
    key = await create(target, run_order)
    heard: list[tuple[int, dict]] = []
    async with target.get(f"/api/runs/{key}/stream") as answer:
        while block := await answer.content.readuntil(b"\n\n"):
            (event,) = events_of(block.decode())
            heard.append((clock.now_ns, event))
    words = [event["data"]["status"] for _, event in heard if event["event"] != "token"]
    assert words == ["pending", "running", "completed"]
    (pending_ns, _), *tokens, (done_ns, _) = heard
    assert len({at_ns for at_ns, event in tokens if event["event"] == "token"}) > 5
    assert pending_ns < tokens[0][0] < tokens[len(tokens) // 2][0] < done_ns


async def test_a_client_that_leaves_ends_its_stream(start_target, run_order) -> None:
    target = await start_target(max_streams=1)
    key = await create(target, run_order)
    answer = await target.get(f"/api/runs/{key}/stream")
    async with target.get(f"/api/runs/{key}/stream") as second:
        assert second.status == 503
    answer.connection.transport.abort()
    while True:
        async with target.get("/actuator/prometheus") as page:
            if 'kind="streams"} 0' in await page.text():
                break
        await asyncio.sleep(0.02)
    answer.close()


async def test_an_unknown_run_has_no_stream(target) -> None:
    async with target.get("/api/runs/never/stream") as answer:
        assert answer.status == 404
