"""docs/streams.md and docs/tasks.md tell of every parameter and metric, and their examples run."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from atlas_perf import VirtualUser
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.protocols.http.client import HttpClient
from atlas_perf.protocols.tasks.task_states import END_STATES, QUEUED_STATES, Outcome
from atlas_perf.testing import fake_virtual_user

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("streams", "tasks")}


def first_cells(page: str) -> set[str]:
    rows = [line for line in PAGES[page].splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def example(page: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGES[page], re.DOTALL):
        exec(compile(block, f"docs/{page}.md", "exec"), names)
    return names


def test_every_metric() -> None:
    for page, prefixes in (("streams", ("sse_", "llm_")), ("tasks", ("task_", "tasks_"))):
        named = {name for name in BUILTIN_METRICS if name.startswith(prefixes)}
        assert len(named) > 5
        assert named - first_cells(page) == set()


def test_every_parameter() -> None:
    of_stream = set(inspect.signature(HttpClient.stream).parameters)
    assert of_stream - {"self", "method", "url", "body", "params"} <= first_cells("streams")
    assert set(inspect.signature(VirtualUser.task).parameters) - {"self"} <= first_cells("tasks")


def test_every_outcome_and_default_status() -> None:
    assert {str(outcome) for outcome in Outcome} <= first_cells("tasks")
    for status in (*END_STATES, *QUEUED_STATES):
        assert status in PAGES["tasks"]


@pytest.mark.parametrize("function", ["default", "answer"])
async def test_the_examples_of_streams(function: str) -> None:
    with fake_virtual_user() as vu:
        vu.http.answer("GET", "/api/runs/7/stream", events=["1", "2"])
        vu.http.answer("POST", "/v1/completions", events=['{"text":"So."}', "[DONE]"])
        await example("streams")[function](vu)
        assert len(vu.http.requests) == 1
        assert all(all(passed) for passed in vu.checks.values())


async def test_the_example_of_tasks() -> None:
    with fake_virtual_user() as vu:
        vu.http.answer("POST", "/api/a2a/tasks", status=202, json={"taskId": "t"})
        vu.http.answer("GET", "/api/a2a/tasks/t", json={"status": "completed"})
        await example("tasks")["default"](vu)
        assert vu.checks == {"completed": [True]}
