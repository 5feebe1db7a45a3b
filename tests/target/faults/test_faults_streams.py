"""Faults of event streams, on the wire, and of the deployed contract."""

from __future__ import annotations

import aiohttp
import pytest

from atlas_perf import clock as real_clock
from atlas_perf.target.settings import Contract
from atlas_perf.units import NS_PER_S

DEPLOYED_ORDER = {"repo": "atlas/api", "mode": "chat", "goal": "faster"}


async def ended_run(target, clock, run_order: dict) -> str:
    """The stream of a run that has ended: all there is to tell comes at once."""
    async with target.post("/api/runs", json=run_order) as answer:
        key = (await answer.json())["id"]
    clock.pass_ms(60_000)
    return f"/api/runs/{key}/stream"


async def events_of(target, path: str) -> list[bytes]:
    async with target.get(path) as answer:
        assert answer.status == 200
        return (await answer.read()).removesuffix(b"\n\n").split(b"\n\n")


@pytest.fixture
async def told(target, clock, run_order) -> tuple[str, list[bytes]]:
    path = await ended_run(target, clock, run_order)
    events = await events_of(target, path)
    assert len(events) > 10
    assert events[-1].startswith(b"event: done")
    return path, events


async def test_events_are_dropped(target, told, order, struck) -> None:
    path, events = told
    await order(target, "drop@sse.event,share=30%")
    heard = await events_of(target, path)
    (dropped,) = await struck(target)
    assert 0 < dropped < len(events)
    assert len(heard) == len(events) - dropped
    assert [event for event in events if event in heard] == heard


async def test_events_come_twice(target, told, order, struck) -> None:
    path, events = told
    await order(target, "duplicate@sse.event")
    assert await events_of(target, path) == [event for event in events for _ in range(2)]
    assert await struck(target) == [len(events)]


async def test_events_overtake_and_none_is_kept_back(target, told, order) -> None:
    path, events = told
    await order(target, "reorder@sse.event,share=30%")
    heard = await events_of(target, path)
    assert heard != events
    assert sorted(heard) == sorted(events)
    await order(target, "reorder@sse.event")
    assert sorted(await events_of(target, path)) == sorted(events)


async def test_events_come_late(target, told, order) -> None:
    path, events = told
    await order(target, "delay:100ms@sse.event,share=10%")
    began_ns = real_clock.now_ns()
    assert await events_of(target, path) == events
    assert (real_clock.now_ns() - began_ns) / NS_PER_S >= 0.1


async def test_a_stream_is_reset(target, told, order, struck) -> None:
    path, _ = told
    await order(target, "disconnect@sse.event")
    with pytest.raises(aiohttp.ClientError):
        await events_of(target, path)
    assert await struck(target) == [1]


async def test_a_stream_ends_in_order_and_too_early(target, told, order, struck) -> None:
    path, events = told
    await order(target, "disconnect:1011@sse.event,share=10%")
    heard = await events_of(target, path)
    assert heard == events[: len(heard)]
    assert len(heard) < len(events)
    assert await struck(target) == [1]


async def test_faults_of_messages_spare_events_and_the_head_can_be_slow(
    target, told, order, struck
) -> None:
    path, events = told
    await order(target, "drop@ws.message", "latency:100ms@runs.stream")
    began_ns = real_clock.now_ns()
    assert await events_of(target, path) == events
    assert (real_clock.now_ns() - began_ns) / NS_PER_S >= 0.1
    assert await struck(target) == [0, 1]


async def test_a_stream_is_refused(target, told, order) -> None:
    path, _ = told
    await order(target, "error:503@runs.stream")
    async with target.get(path) as answer:
        assert answer.status == 503


async def test_a_stream_without_faults_never_meets_them(target, told, monkeypatch) -> None:
    from atlas_perf.target.faults.message_faults import MessageFaults  # noqa: PLC0415

    def never(*_: object) -> None:
        raise AssertionError("a fault was looked for")

    monkeypatch.setattr(MessageFaults, "deliveries", never)
    path, events = told
    assert await events_of(target, path) == events


@pytest.mark.parametrize(
    ("fault", "run", "task"),
    [
        ("fail@runs.create", "FAILED", "done"),
        ("fail@tasks.submit", "DONE", "failed"),
        ("fail", "FAILED", "failed"),
        ("longer:5m", "WRITER", "writer"),
    ],
)
async def test_runs_and_tasks_of_the_deployed_contract_are_told_apart(
    start_target, clock, fault: str, run: str, task: str
) -> None:
    target = await start_target(contract=Contract.DEPLOYED, faults=(fault,))
    async with target.post("/api/runs", json=DEPLOYED_ORDER) as answer:
        run_key = (await answer.json())["id"]
    async with target.post("/api/a2a/tasks", json=DEPLOYED_ORDER) as answer:
        task_key = (await answer.json())["taskId"]
    clock.pass_ms(299_000)
    async with target.get(f"/api/runs/{run_key}") as answer:
        assert (await answer.json())["status"] == run
    async with target.get(f"/api/a2a/tasks/{task_key}") as answer:
        assert (await answer.json())["status"] == task


async def test_requests_of_the_deployed_contract_are_struck(start_target) -> None:
    target = await start_target(contract=Contract.DEPLOYED, faults=("error:500@agents.read",))
    for path, status in [
        ("/api/a2a/agents", 500),
        ("/.well-known/agent.json", 500),
        ("/api/runs", 200),
        ("/actuator/health", 200),
    ]:
        async with target.get(path) as answer:
            assert answer.status == status


STOMP = "/ws/runs/6fe1d7d0-5c3a-4c8e-9f57-0d6a1f0c2b11/collaboration/000/abc/websocket"
CONNECT = "CONNECT\naccept-version:1.2\nhost:target\n\n\0"


async def test_frames_of_a_stomp_conversation_are_messages(start_target, order, struck) -> None:
    target = await start_target(contract=Contract.DEPLOYED)
    await order(target, "duplicate@ws.message")
    async with target.ws_connect(STOMP, protocols=("v12.stomp",)) as socket:
        await socket.send_str(CONNECT)
        first, second = await socket.receive_str(), await socket.receive_str()
    assert first.startswith("CONNECTED")
    assert first == second
    assert await struck(target) == [1]
