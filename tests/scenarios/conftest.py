"""Shipped scenarios, loaded as a run loads them, in the hands of a user without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from atlas_perf.loader.names import find_scenario
from atlas_perf.loader.scenario_file import ScenarioFile, load_scenario_file
from atlas_perf.testing import FakeVirtualUser, fake_virtual_user


@dataclass(frozen=True)
class Loaded:
    """A scenario file, and the namespace its functions live in."""

    file: ScenarioFile
    namespace: dict[str, Any]


class SleptTime:
    """A clock that goes by what its user slept, and by what a test adds."""

    def __init__(self, slept_s: list[float]) -> None:
        self.added_s = 1000.0
        self._slept_s = slept_s

    def monotonic(self) -> float:
        return self.added_s + sum(self._slept_s)


@pytest.fixture
def user() -> Iterator[FakeVirtualUser]:
    with fake_virtual_user() as user:
        yield user


@pytest.fixture
def time(user: FakeVirtualUser) -> SleptTime:
    return SleptTime(user.slept_s)


@pytest.fixture
def load(time: SleptTime) -> Callable[..., Loaded]:
    """Loads a shipped scenario by name and puts it under the test's clock."""

    def load(name: str, env: Mapping[str, str] | None = None) -> Loaded:
        file = load_scenario_file(find_scenario(name), env or {})
        namespace = file.names
        if "time" in namespace:
            namespace["time"] = SimpleNamespace(monotonic=time.monotonic)
        return Loaded(file, namespace)

    return load
