"""Shipped scenarios, loaded as a run loads them, in the hands of a user without a network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from atlas_perf.loader.names import find_scenario
from atlas_perf.loader.scenario_file import ScenarioFile, load_scenario_file
from atlas_perf.model.metric import Metric
from atlas_perf.model.series import Tags
from atlas_perf.protocols.fake import FakeHttpClient
from atlas_perf.scripting.context import current_user
from atlas_perf.worker.virtual_user import VirtualUser


class Samples:
    """Keeps every value by metric; a recorder as the virtual user needs one."""

    def __init__(self) -> None:
        self.by_metric: defaultdict[str, list[float]] = defaultdict(list)
        self.checks: defaultdict[str, list[float]] = defaultdict(list)
        self._series: list[tuple[Metric, Tags]] = []

    def series(self, metric: Metric, tags: Tags) -> int:
        self._series.append((metric, tags))
        return len(self._series) - 1

    def add(self, number: int, value: float, at_ns: int) -> None:
        metric, tags = self._series[number]
        self.by_metric[metric.name].append(value)
        if metric.name == "checks":
            self.checks[dict(tags)["check"]].append(value)


class HandTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept_s: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds


@dataclass(frozen=True)
class Loaded:
    """A scenario file, and the namespace its functions live in."""

    file: ScenarioFile
    namespace: dict[str, Any]


@pytest.fixture
def time() -> HandTime:
    return HandTime()


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
def http() -> FakeHttpClient:
    return FakeHttpClient()


@pytest.fixture
def load(time: HandTime) -> Callable[..., Loaded]:
    """Loads a shipped scenario by name and puts it under the test's clock."""

    def load(name: str, env: Mapping[str, str] | None = None) -> Loaded:
        file = load_scenario_file(find_scenario(name), env or {})
        namespace = file.functions["ask"].__globals__
        if "time" in namespace:
            namespace["time"] = SimpleNamespace(monotonic=time.monotonic)
        return Loaded(file, namespace)

    return load


@pytest.fixture
def make_user(time: HandTime, samples: Samples, http: FakeHttpClient) -> Callable[..., VirtualUser]:
    """Makes virtual users over the same fake client, the newest of them the current one."""

    def make(user_id: int = 1, env: Mapping[str, str] | None = None) -> VirtualUser:
        user = VirtualUser(
            id=user_id,
            scenario="default",
            seed=1,
            env=env or {},
            base_tags={},
            recorder=samples,
            connect=lambda tags: http,
            sleep=time.sleep,
        )
        current_user.set(user)
        return user

    return make
