"""Unit tests for scenario files: a virtual user without a run, a network or a clock.

import asyncio

from atlas_perf.testing import fake_virtual_user
from checkout import default

def test_an_order_is_checked() -> None:
    with fake_virtual_user() as vu:
        vu.http.answer("POST", "/orders", status=201, json={"id": 7})
        asyncio.run(default(vu))
    assert vu.checks == {"order created": [True]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from atlas_perf import clock
from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.series import Tags
from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.protocols.fake_ws import FakeWebSocket, FakeWsClient
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.ws.ws_client import WsClient
from atlas_perf.scripting.context import current_user
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.worker.user_samples import RememberedSeries
from atlas_perf.worker.virtual_user import VirtualUser

__all__ = [
    "FakeHttpClient",
    "FakeVirtualUser",
    "FakeWebSocket",
    "FakeWsClient",
    "RecordedSample",
    "fake_virtual_user",
]


class RecordedSample(NamedTuple):
    """One value that scenario code recorded. Time metrics are in milliseconds, as in a report."""

    metric: str
    value: float
    tags: Mapping[str, str]


class _SampleList:
    """A recorder that keeps every value."""

    def __init__(self) -> None:
        self.samples: list[RecordedSample] = []
        self._series: list[tuple[Metric, Tags]] = []

    def series(self, metric: Metric, tags: Tags, /) -> int:
        self._series.append((metric, tags))
        return len(self._series) - 1

    def add(self, number: int, value: float, _at_ns: int, /) -> None:
        metric, tags = self._series[number]
        shown = value / NS_PER_MS if metric.contains is Contains.TIME else float(value)
        self.samples.append(RecordedSample(metric.name, shown, dict(tags)))


class FakeVirtualUser(VirtualUser):
    """A virtual user like any other, but for its client, its clock and where its samples go.

    Attributes:
        http: answers what the test tells it to; see `FakeHttpClient`.
        ws: opens the sessions that the test tells it to; see `FakeWsClient`.
        recorded: every sample in order: checks, groups and custom metrics.
        slept_s: every `vu.sleep`, in seconds; none of them takes time.
    """

    ws: FakeWsClient  # type: ignore[assignment]  # the same methods, and no connections
    http: FakeHttpClient  # type: ignore[assignment]  # the same methods, and no connections

    def __init__(self, *, env: Mapping[str, str], data: Any, seed: int) -> None:
        self.slept_s: list[float] = []
        self._list = _SampleList()

        def connect(_sample_tags: Callable[[], Tags]) -> HttpClient:
            return cast(HttpClient, FakeHttpClient(base_url=env.get("BASE_URL")))

        def connect_ws(_http: HttpClient, _sample_tags: Callable[[], Tags]) -> WsClient:
            base_url = env.get("WS_URL") or env.get("BASE_URL")
            return cast(WsClient, FakeWsClient(base_url=base_url))

        async def sleep(seconds: float) -> None:
            self.slept_s.append(seconds)

        super().__init__(
            id=1,
            scenario="test",
            seed=seed,
            env=env,
            base_tags={"scenario": "test"},
            series=RememberedSeries(self._list),
            connect=connect,
            connect_ws=connect_ws,
            sleep=sleep,
        )
        self.data = data

    def _now_ns(self) -> int:
        # A task that never ends is given up after as much sleep as it would have been for real.
        return clock.now_ns() + round(sum(self.slept_s) * NS_PER_S)

    @property
    def recorded(self) -> list[RecordedSample]:
        return self._list.samples

    @property
    def checks(self) -> dict[str, list[bool]]:
        """What each check came to, by name, in order."""
        outcomes: dict[str, list[bool]] = {}
        for sample in self.recorded:
            if sample.metric == "checks":
                outcomes.setdefault(sample.tags["check"], []).append(bool(sample.value))
        return outcomes


@contextmanager
def fake_virtual_user(
    env: Mapping[str, str] | None = None, data: Any = None, seed: int = 0
) -> Iterator[FakeVirtualUser]:
    """A virtual user in its first iteration; custom metrics in the block record through it.

    Args:
        env: what `vu.env` holds; nothing of the process's own.
        data: what `setup` would have returned, as `vu.data`; pass it to the function yourself.
        seed: of `vu.random`.
    """
    user = FakeVirtualUser(env=dict(env or {}), data=data, seed=seed)
    user.begin_iteration()
    token = current_user.set(user)
    try:
        yield user
    finally:
        current_user.reset(token)
