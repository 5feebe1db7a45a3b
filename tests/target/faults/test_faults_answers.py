"""Faults on the way out: the bytes that a client gets."""

from __future__ import annotations

import json

import aiohttp
import pytest

from atlas_perf import clock as real_clock
from atlas_perf.units import NS_PER_S

LIST = "/api/runs"


async def healthy_body(start_target) -> bytes:
    target = await start_target()
    async with target.get(LIST) as answer:
        return await answer.read()


def announced(head: bytes) -> int:
    (length,) = (
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return length


async def test_a_body_drips(start_target, connect, struck) -> None:
    target = await start_target(faults=("slow-body:200ms@runs.list",))
    expected = await healthy_body(start_target)
    wire = await connect(target)
    wire.ask(LIST)
    head = await wire.head()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert announced(head) == len(expected)
    first = await wire.reader.read(65536)
    assert 0 < len(first) < len(expected)  # it does not come at once
    assert first + await wire.reader.readexactly(len(expected) - len(first)) == expected
    wire.ask("/actuator/health")  # and the connection is still good
    assert (await wire.head()).startswith(b"HTTP/1.1 200 OK\r\n")
    assert await struck(target) == [1]


async def test_a_dripping_body_takes_its_time(start_target) -> None:
    target = await start_target(faults=("slow-body:200ms@runs.list",))
    began_ns = real_clock.now_ns()
    async with target.get(LIST) as answer:
        assert await answer.json()
    assert (real_clock.now_ns() - began_ns) / NS_PER_S >= 0.2


async def test_an_answer_without_a_body_cannot_drip(start_target, run_order, struck) -> None:
    target = await start_target(faults=("slow-body:10s@runs.delete",))
    async with target.post(LIST, json=run_order) as answer:
        key = (await answer.json())["id"]
    async with target.delete(f"{LIST}/{key}") as answer:
        assert answer.status == 204
    assert await struck(target) == [0]


async def test_a_reset_in_the_middle_of_the_body(start_target, connect, struck) -> None:
    target = await start_target(faults=("reset-mid-body@runs.list",))
    expected = await healthy_body(start_target)
    wire = await connect(target)
    wire.ask(LIST)
    head = await wire.head()
    assert announced(head) == len(expected)
    half = len(expected) // 2
    assert await wire.reader.readexactly(half) == expected[:half]
    with pytest.raises(ConnectionResetError):
        await wire.all()
    assert await struck(target) == [1]


async def test_a_status_line_without_a_status(start_target, connect) -> None:
    target = await start_target(faults=("malformed:status-line@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    assert (await wire.all()).startswith(b"HTTP/1.1 fine\r\n")


async def test_a_header_without_its_colon(start_target, connect) -> None:
    target = await start_target(faults=("malformed:header@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    answer = await wire.all()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\na header without its colon\r\n\r\n" in answer


async def test_a_length_that_is_too_short(start_target, connect) -> None:
    target = await start_target(faults=("malformed:length@runs.list",))
    expected = await healthy_body(start_target)
    wire = await connect(target)
    wire.ask(LIST)
    assert announced(await wire.head()) == len(expected) // 2
    assert await wire.reader.readexactly(len(expected)) == expected
    wire.ask("/actuator/health")  # the connection stays
    assert (await wire.head()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_that_is_cut_off(start_target, connect) -> None:
    target = await start_target(faults=("malformed:truncated@runs.list",))
    expected = await healthy_body(start_target)
    wire = await connect(target)
    wire.ask(LIST)
    assert announced(await wire.head()) == len(expected)
    assert await wire.all() == expected[: len(expected) // 2]


async def test_a_chunk_without_a_size(start_target, connect) -> None:
    target = await start_target(faults=("malformed:chunk@runs.list",))
    wire = await connect(target)
    wire.ask(LIST)
    head = await wire.head()
    assert b"Transfer-Encoding: chunked\r\n" in head
    assert b"Content-Length" not in head
    assert b"\r\nnot-a-size\r\n" in await wire.all()


async def test_a_body_that_is_no_json(start_target) -> None:
    target = await start_target(faults=("malformed:json@runs.list",))
    async with target.get(LIST) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        with pytest.raises(json.JSONDecodeError):
            json.loads(await answer.read())


@pytest.mark.parametrize("manner", ["status-line", "header", "truncated", "chunk"])
async def test_a_client_refuses_what_is_malformed(start_target, struck, manner: str) -> None:
    target = await start_target(faults=(f"malformed:{manner}@runs.list",))
    with pytest.raises(aiohttp.ClientError):
        async with target.get(LIST) as answer:
            await answer.read()
    assert await struck(target) == [1]
    async with target.get("/_target/counters") as answer:
        counted = await answer.json()
    assert counted["endpoints"] == {"GET /api/runs": {"0": 1}}


async def test_only_one_fault_spoils_an_answer(start_target, struck) -> None:
    target = await start_target(
        faults=("malformed:json@runs.list", "malformed:truncated@runs.list")
    )
    async with target.get(LIST) as answer:
        assert answer.status == 200
        await answer.read()
    assert await struck(target) == [1, 0]


async def test_what_is_no_answer_cannot_be_spoiled(start_target, connect, struck) -> None:
    target = await start_target(faults=("close@runs.list", "malformed:json@runs.list"))
    wire = await connect(target)
    wire.ask(LIST)
    assert await wire.all() == b""
    assert await struck(target) == [1, 0]
