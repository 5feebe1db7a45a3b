"""The target in this process, under a clock that the test moves."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp.test_utils import TestClient, TestServer

from atlas_perf.target.app import build_app
from atlas_perf.target.settings import TargetSettings
from atlas_perf.units import NS_PER_MS

RUN_ORDER = {
    "repoUrl": "https://git.example/atlas/api.git",
    "branch": "main",
    "agentType": "security",
    "prompt": "Review the change",
    "metadata": {"userId": "u-1", "sessionId": "s-1", "timestamp": "2026-01-02T03:04:05Z"},
}
TASK_ORDER = {
    "sourceAgentId": "agent-1",
    "targetAgentId": "agent-2",
    "taskType": "linting",
    "priority": "normal",
    "payload": {
        "repositoryUrl": "https://git.example/atlas/api.git",
        "branch": "main",
        "files": ["a.py"],
        "context": {"triggeredBy": "push", "complexity": "low", "estimatedDuration": 500},
    },
    "metadata": {"timestamp": 1767323045000, "correlationId": "c-1", "traceId": "t-1"},
}


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 1_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def pass_ms(self, ms: float) -> None:
        self.now_ns += int(ms * NS_PER_MS)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def run_order() -> dict:
    return copy.deepcopy(RUN_ORDER)


@pytest.fixture
def task_order() -> dict:
    return copy.deepcopy(TASK_ORDER)


@pytest.fixture
async def start_target(clock: HandClock) -> AsyncIterator[Callable]:
    """Starts a target of the given settings, without service latency, and gives its client."""
    clients = []

    async def start(now_ns: Callable[[], int] = clock, **settings) -> TestClient:
        app = build_app(TargetSettings(**{"latency_scale": 0, **settings}), now_ns=now_ns)
        client = TestClient(TestServer(app))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def target(start_target: Callable) -> TestClient:
    return await start_target()
