"""Scenario files written for one test each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from atlas_perf.loader import BuiltPlan, Overrides, ScenarioFile, build_plan, load_scenario_file
from atlas_perf.loader.module_import import forget_current
from atlas_perf.scripting.environment import ENVIRONMENT

Write = Callable[..., Path]
Load = Callable[..., ScenarioFile]
Build = Callable[..., BuiltPlan]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a scenario file, without the indentation of the test around it."""

    def write_file(text: str, name: str = "api.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"))
        return path

    return write_file


@pytest.fixture
def load(write: Write) -> Load:
    def load_text(text: str, env: Mapping[str, str] | None = None) -> ScenarioFile:
        return load_scenario_file(write(text), env or {})

    return load_text


@pytest.fixture
def build(load: Load) -> Build:
    """The plan of `options`, written as Python, beside a default function."""

    def build_options(options: str, overrides: Overrides | None = None) -> BuiltPlan:
        text = f"options = {options}\nasync def default(vu): ...\n"
        return build_plan(load(text), overrides or Overrides())

    return build_options


@pytest.fixture(autouse=True)
def one_process_per_test() -> Iterator[None]:
    """Imports change the process; give each test the one it would have alone."""
    yield
    forget_current()
    for name in [name for name in sys.modules if name.startswith("atlas_perf_scenario_")]:
        del sys.modules[name]
    ENVIRONMENT.replace({})
