"""The websocket scenario, one user at a time and without a network."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest
from orchestrator_double import OrchestratorDouble

from atlas_perf.loader.plan_builder import build_plan
from atlas_perf.testing import FakeVirtualUser
from atlas_perf.units import NS_PER_S

OPERATIONS = 3000
SHARES = {"GRAFT": 0.30, "PRUNE": 0.20, "FLAG": 0.15, "CURSOR_MOVE": 0.35}


def within_five_sigma(share: float, count: int):
    """What a count of independent events of this probability comes to."""
    return pytest.approx(share * count, abs=5 * math.sqrt(count * share * (1 - share)))


def values(user: FakeVirtualUser, metric: str) -> list[float]:
    return [sample.value for sample in user.recorded if sample.metric == metric]


def echo(text: str | bytes) -> dict[str, object]:
    message = json.loads(text)
    if message["type"] == "SUBSCRIBE":
        return {**message, "type": "SUBSCRIBED"}
    return message


@pytest.fixture
def websocket(load):
    return load("websocket")


@pytest.fixture
async def pool(websocket, user):
    OrchestratorDouble(user.http)
    user.ws.answer("/ws/runs/*/collaboration", echo)
    return await websocket.file.setup(user)


async def iterate(websocket, user, data, times: int) -> None:
    for _ in range(times):
        user.begin_iteration()
        await websocket.file.functions["default"](user, data)


def messages(user) -> list[dict]:
    return [json.loads(text) for socket in user.ws.sockets for text in socket.sent]


def test_load_and_thresholds_are_the_contracts(websocket) -> None:
    plan = build_plan(websocket.file).plan
    (scenario,) = plan.scenarios
    seconds = [(stage.duration_ns / NS_PER_S, stage.target) for stage in scenario.executor.stages]
    assert seconds == [
        (30, 10),
        (60, 25),
        (120, 50),
        (300, 75),
        (300, 75),
        (120, 100),
        (120, 50),
        (60, 0),
    ]
    assert {(threshold.selector, threshold.expression) for threshold in plan.thresholds} == {
        ("ws_connection_time", "p(95)<1000"),
        ("ws_message_latency", "p(95)<100"),
        ("ws_errors", "rate<0.01"),
        ("active_ws_connections", "max>50 over steady"),
    }


async def test_the_mix_is_the_contracts(websocket, user, pool) -> None:
    await iterate(websocket, user, pool, OPERATIONS)
    kinds = Counter(message["type"] for message in messages(user))
    done = {kind: kinds[kind] for kind in SHARES}
    assert sum(done.values()) == OPERATIONS
    for kind, share in SHARES.items():
        assert done[kind] == within_five_sigma(share, OPERATIONS), kind
    assert values(user, "ws_errors") == [0] * len(messages(user))
    assert sum(values(user, "ws_messages_sent")) == len(messages(user))
    assert sum(values(user, "ws_messages_received")) == len(messages(user))


async def test_a_session_lasts_and_presence_comes_with_every_fifth(
    websocket, user, pool, time
) -> None:
    await iterate(websocket, user, pool, 400)
    for socket in user.ws.sockets[:-1]:
        kinds = [json.loads(text)["type"] for text in socket.sent]
        assert kinds[0] == "SUBSCRIBE"
        assert [place for place, kind in enumerate(kinds) if kind == "PRESENCE"] == [
            6 * fifth for fifth in range(1, kinds.count("PRESENCE") + 1)
        ]
        operations = len(kinds) - 1 - kinds.count("PRESENCE")
        assert 30 / 5 <= operations <= 90 / 2 + 2
        assert socket.close_code == 1000
    assert all(pause == 1 or 2 <= pause <= 5 for pause in user.slept_s)
    assert user.slept_s.count(1) >= len(user.ws.sockets) - 1


async def test_a_message_says_who_where_and_when(websocket, user, pool) -> None:
    await iterate(websocket, user, pool, 50)
    keys = [message["payload"]["messageId"] for message in messages(user)]
    assert len(set(keys)) == len(keys)
    for message in messages(user):
        assert {"runId", "userId", "timestamp"} <= set(message["payload"])
        assert message["payload"]["runId"] in pool["run_ids"]


async def test_an_echo_that_does_not_come_is_an_error_and_no_latency(websocket, user, pool) -> None:
    user.ws.answer(
        "/ws/runs/*/collaboration", lambda text: echo(text) if "SUBSCRIBE" in text else None
    )
    await iterate(websocket, user, pool, 3)
    assert values(user, "ws_errors") == [0, 1, 1, 1]
    assert values(user, "ws_message_latency") == []


async def test_an_error_in_answer_is_an_error(websocket, user, pool) -> None:
    user.ws.answer(
        "/ws/runs/*/collaboration",
        lambda text: echo(text) if "SUBSCRIBE" in text else {**json.loads(text), "type": "ERROR"},
    )
    await iterate(websocket, user, pool, 3)
    assert values(user, "ws_errors") == [0, 1, 1, 1]
    assert values(user, "ws_message_latency") == []


async def test_a_session_that_cannot_be_opened_is_an_error(websocket, user, pool) -> None:
    user.ws.refuse("/ws/runs/*/collaboration", 503)
    await iterate(websocket, user, pool, 2)
    assert values(user, "ws_errors") == [1, 1]
    assert user.slept_s == [1, 1]


async def test_a_lost_session_is_opened_again_and_subscribed(websocket, user, pool) -> None:
    await iterate(websocket, user, pool, 2)
    user.ws.sockets[0].reopen()
    await iterate(websocket, user, pool, 1)
    assert values(user, "ws_reconnections") == [1]
    kinds = [message["type"] for message in messages(user)]
    assert kinds.count("SUBSCRIBE") == 2
    assert kinds[3] == "SUBSCRIBE"
    assert values(user, "ws_errors") == [0, 0, 0, 1, 0, 0]


async def test_open_sessions_are_counted(websocket, user, pool) -> None:
    await iterate(websocket, user, pool, 60)
    assert set(values(user, "active_ws_connections")) == {0, 1}
