"""A target with faults, and a client that sees bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from aiohttp.test_utils import TestClient


@dataclass
class Wire:
    """One connection; what comes is not interpreted."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def ask(self, path: str, method: str = "GET") -> None:
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: target\r\n\r\n".encode())

    async def head(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")

    async def all(self) -> bytes:
        """Everything until the connection ends in order."""
        return await self.reader.read()


@pytest.fixture
async def connect() -> AsyncIterator[Callable]:
    """Opens a connection to a target."""
    wires = []

    async def connect(target: TestClient) -> Wire:
        wire = Wire(*await asyncio.open_connection(target.server.host, target.server.port))
        wires.append(wire)
        return wire

    yield connect
    for wire in wires:
        wire.writer.close()


@pytest.fixture
async def order() -> Callable:
    """Puts faults by the control endpoint, and gives how they stand."""

    async def order(target: TestClient, *faults: str) -> list[dict]:
        async with target.put("/_target/faults", json={"faults": faults}) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return body["faults"]

    return order


@pytest.fixture
async def struck() -> Callable:
    """How often each fault struck, in order."""

    async def struck(target: TestClient) -> list[int]:
        async with target.get("/_target/faults") as answer:
            return [fault["struck"] for fault in (await answer.json())["faults"]]

    return struck
