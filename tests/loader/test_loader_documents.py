"""The files shown in `docs/scenario-files.md` load, plan, and do what the text says they do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_perf.loader import Overrides, build_plan, load_scenario_file
from atlas_perf.model.plan import (
    ConstantVUs,
    RampingArrivalRate,
    RampingVUs,
    Stage,
    planned_arrivals,
)
from atlas_perf.schedule.peak_rate import peak_rate

CHECKOUT = Path(__file__).parents[2]
DOCUMENT = CHECKOUT / "docs" / "scenario-files.md"
FILES = dict(re.findall(r"```python\n# (\S+\.py)\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))


MISTAKES = """
from atlas_perf import Options
from atlas_perf.scripting.options import ThresholdOptions

one: Options = {"druation": "1s"}  # type: ignore[typeddict-unknown-key]
two: Options = {"vus": "ten"}  # type: ignore[typeddict-item]
three: Options = {"duration": 30}  # type: ignore[typeddict-item]
four: Options = {"stages": [{"duration": "1s"}]}  # type: ignore[typeddict-item]
five: Options = {"scenarios": {"a": {"executor": "magic"}}}  # type: ignore[typeddict-item]
six: ThresholdOptions = {"abortOnFail": True}  # type: ignore[typeddict-item]
"""
"""A strict check complains of an ignore that ignores nothing: each of these must be found."""


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """A folder with the files of the document."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_document_shows_files() -> None:
    assert set(FILES) == {"shop.py", "tasks.py", "arrivals.py", "waves.py", "test_shop.py"}


def test_the_first_file(shown: Path) -> None:
    scenario_file = load_scenario_file(shown / "shop.py", {})
    plan = build_plan(scenario_file).plan
    assert [(s.name, s.executor) for s in plan.scenarios] == [("shop", ConstantVUs(10, 30 * 10**9))]
    assert scenario_file.setup is not None
    assert scenario_file.teardown is not None
    asked = Overrides(vus=50, duration_ns=300 * 10**9)
    built = build_plan(scenario_file, asked)
    assert built.plan.scenarios[0].executor == ConstantVUs(50, 300 * 10**9)
    assert built.warnings == ()


def test_the_file_with_scenarios(shown: Path) -> None:
    plan = build_plan(load_scenario_file(shown / "tasks.py", {})).plan
    submit, watch = plan.scenarios
    assert isinstance(submit.executor, RampingVUs)
    assert (submit.exec, watch.exec) == ("default", "watch")
    assert {metric.name for metric in plan.metrics} == {
        "tasks_submitted",
        "task_completion_rate",
        "task_latency",
        "open_tasks",
    }


def test_the_file_with_an_arrival_rate(shown: Path) -> None:
    plan = build_plan(load_scenario_file(shown / "arrivals.py", {})).plan
    (checkout,) = plan.scenarios
    stages = (Stage(60 * 10**9, 100), Stage(300 * 10**9, 100))
    assert checkout.executor == RampingArrivalRate(stages, 50, 200, start_rate=10)


def test_the_file_with_a_shape(shown: Path) -> None:
    plan = build_plan(load_scenario_file(shown / "waves.py", {})).plan
    (orders,) = plan.scenarios
    assert isinstance(orders.executor, RampingArrivalRate)
    assert orders.end_ns == 600 * 10**9
    assert planned_arrivals(orders.executor) == pytest.approx(60_000, abs=10)
    peak = peak_rate(plan.scenarios)
    assert peak is not None and peak.per_s == 180


def test_the_files_check_under_strict_types_and_mistakes_are_found(shown: Path) -> None:
    (shown / "mistakes.py").write_text(MISTAKES)
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--follow-imports=silent",
            f"--cache-dir={CHECKOUT / '.mypy_cache'}",
            "mistakes.py",
            *sorted(FILES),
        ],
        cwd=shown,
        env={"MYPYPATH": str(CHECKOUT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_unit_test_passes(shown: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "test_shop.py"],
        cwd=shown,
        env={"PYTHONPATH": str(CHECKOUT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
