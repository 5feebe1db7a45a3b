"""`find-capacity` with a coordinator of known capacity: what is asked of it, told, and left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_outcome import Outcome
from summaries import made_summary

from atlas_perf.cli import measuring
from atlas_perf.clock import WallAnchor
from atlas_perf.coordinator.interrupts import Interrupts
from atlas_perf.errors import ExitCode, RunInvalidError
from atlas_perf.model.batch import Batch, NewSeries, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantArrivalRate, ConstantVUs, Spacing, TestPlan, WhenBusy
from atlas_perf.model.series import Series, tags_of
from atlas_perf.model.summary import Summary, Window
from atlas_perf.model.verdict import Verdict
from atlas_perf.outputs.base import Output
from atlas_perf.report.errors import ResultsWriteError
from atlas_perf.report.results_folder import ResultsFolder
from atlas_perf.sketch.ddsketch import Sketch

S = 1_000_000_000
SLO = ("--slo", "p(95)<300", "--rest", "1ms", "--hold", "2s", "--warm-up", "1s")
SERIES = [
    Series(metric, tags_of({"expected_response": "true", "phase": phase}))
    for phase in ("warm-up", "steady")
    for metric in ("http_req_response_time", "http_req_duration")
]


def resolve(number: int) -> NewSeries:
    series = SERIES[number]
    return NewSeries(number, BUILTIN_METRICS[series.metric], series)


def window(second: int, iterations: int) -> Window:
    """The last one is what is left after the load has ended, and no part of the rate."""
    counts = (0, 0, iterations if second < 3 else 7, 0, 0)
    return Window(second, 1.0, *counts, 0.0, 0.0, None, None, None, 0.0, 0.0)


class Target:
    """A coordinator that measures 10 ms up to a capacity, and 1 s beyond it."""

    def __init__(self) -> None:
        self.capacity = 100
        self.limit = 1_000_000  # of the generator
        self.plans: list[TestPlan] = []
        self.silent = False
        self.interrupt_at = -1  # which step, from 0
        self.fails: Exception | None = None

    async def run_plan(
        self,
        plan: TestPlan,
        *,
        facts: object,
        outputs: tuple[Output, ...],
        on_progress: object,
        interrupts: Interrupts,
        calibration: None,
        baselines: None,
    ) -> Summary:
        if self.fails is not None:
            raise self.fails
        level = self.level(plan)
        for output in outputs:
            output.start(plan, WallAnchor.now(), 0)
        for second in range(4):
            self._measure(level, second, outputs)
        windows = tuple(window(second, level) for second in range(4))
        summary = replace(made_summary(plan.name), windows=windows)
        if len(self.plans) == self.interrupt_at:
            summary = replace(summary, exit_code=ExitCode.INTERRUPTED)
        if level > self.limit:
            reasons = ("The generator stood still.",)
            summary = replace(summary, verdict=Verdict.INVALID, reasons=reasons)
        self.plans.append(plan)
        return summary

    def level(self, plan: TestPlan) -> int:
        executor = plan.scenarios[0].executor
        if isinstance(executor, ConstantVUs):
            return executor.vus
        assert isinstance(executor, ConstantArrivalRate)
        return executor.rate

    @property
    def levels(self) -> list[int]:
        return [self.level(plan) for plan in self.plans]

    def _measure(self, level: int, second: int, outputs: tuple[Output, ...]) -> None:
        # The first second is the warm-up: slow, and not to be judged.
        slow = second == 0 or level > self.capacity
        sketch = Sketch()
        for _ in range(50):
            sketch.add(S if slow else S / 100)
        first = 0 if second == 0 else 2
        numbers = () if self.silent else (first, first + 1)
        deltas = tuple(TrendDelta(number, sketch.to_bytes()) for number in numbers)
        for output in outputs:
            output.on_batch(Batch(0, second, second, deltas=deltas), resolve)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Target:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(
        "options = {'stages': [{'duration': '9s', 'target': 4}],\n"
        "           'thresholds': {'http_reqs': ['count>1000000']}}\n"
        "async def default(vu): ...\n"
    )
    fake = Target()
    monkeypatch.setattr(measuring, "run_plan", fake.run_plan)
    return fake


Command = Callable[..., Outcome]


def answer(tmp_path: Path) -> Mapping[str, Any]:
    (folder,) = (tmp_path / "results").iterdir()
    told: Mapping[str, Any] = json.loads((folder / "capacity.json").read_text())
    return told


def test_the_bounds_are_found_told_and_left(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    run = atlas_perf("find-capacity", "mine.py", *SLO, "-p", "1")
    assert run.exit_code == 0
    assert target.levels == [10, 20, 40, 80, 160, 113, 95, 104, 99, 101, 99, 101]
    told = answer(tmp_path)
    assert (told["word"], told["exit_code"], told["model"]) == ("found", 0, "rate")
    met, broken = told["bounds"]["met"], told["bounds"]["broken"]
    assert met <= 100 < broken
    assert broken <= met * 1.05 + 1
    assert f"FOUND  met up to {met}/s, broken from {broken}/s" in run.stdout
    assert f"The SLO holds up to {met}/s and is broken from {broken}/s on" in run.stdout
    assert told["slo"] == ["http_req_response_time: p(95)<300"]
    assert [step["level"] for step in told["steps"]] == target.levels
    assert told["steps"][0]["achieved_per_s"] == 10.0
    assert told["steps"][0]["p95_ms"] == pytest.approx(10, rel=0.01)
    (folder,) = (tmp_path / "results").iterdir()
    files = {file.name for file in folder.iterdir()}
    assert {"capacity.json", "console.txt", "step-01-10.json", "step-05-160.json"} <= files
    first = run.stderr.splitlines()[0]
    assert first.startswith(
        "mine: from 10/s to 10,000/s until http_req_response_time: p(95)<300 is broken: at most"
    )


def test_a_step_is_an_open_load_that_loses_no_arrival(atlas_perf: Command, target: Target) -> None:
    run = atlas_perf(
        *("find-capacity", "mine.py", *SLO, "--rate-from", "50", "--rate-to", "50"),
        *("--spacing", "poisson", "--seed", "7", "--quiet", "-p", "2"),
    )
    assert run.exit_code == 0
    assert run.stderr == ""
    assert "HELD TO THE END" in run.stdout
    first, second = target.plans
    executor = first.scenarios[0].executor
    assert executor == ConstantArrivalRate(
        50, 3 * S, 50, 200, spacing=Spacing.POISSON, when_busy=WhenBusy.QUEUE
    )
    assert first.scenarios[0].warm_up_ns == S
    # A target that hangs ends its step as a failure, not as load that was not offered.
    assert first.http.timeout_ns == 2 * S
    assert {one.selector for one in first.thresholds} >= {"http_req_failed", "iteration_failed"}
    assert all(one.abort_on_fail for one in first.thresholds)
    assert {one.delay_abort_eval_ns for one in first.thresholds} == {6 * S}
    assert (first.seed, second.seed, first.processes) == (7, 8, 2)
    assert "http_reqs" not in {threshold.selector for threshold in first.thresholds}


def test_users_are_searched_for_in_the_same_way(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.capacity = 5
    run = atlas_perf("find-capacity", "mine.py", *SLO, "--vus-to", "40")
    assert run.exit_code == 0
    assert target.levels[:4] == [1, 2, 4, 8]
    told = answer(tmp_path)
    assert told["slo"] == ["http_req_duration: p(95)<300"]
    assert told["bounds"] == {"met": 5, "broken": 6}
    assert "met up to 5 VUs, broken from 6 VUs" in run.stdout


def test_what_the_generator_cannot_offer_is_no_bound(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.capacity, target.limit = 10_000, 45
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 3
    told = answer(tmp_path)
    assert told["word"] == "generator limit"
    assert told["bounds"]["broken"] is None
    assert told["bounds"]["met"] in range(40, 46)
    assert "The generator's limit came first" in run.stdout
    told_people = " ".join(run.stdout.split())
    assert "The generator stood still. No bound of the target was found." in told_people


def test_a_target_that_breaks_at_once_fails(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.capacity = 1
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 1
    assert target.levels == [10, 10]
    assert "The SLO is broken at 10/s already" in run.stdout
    assert answer(tmp_path)["word"] == "broken at the first step"


def test_nothing_to_judge_ends_the_search(atlas_perf: Command, target: Target) -> None:
    target.silent = True
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 4
    assert target.levels == [10]
    assert "NO DATA" in run.stdout


def test_an_interrupt_keeps_what_is_known(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.interrupt_at = 6
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 130
    assert len(target.levels) == 7
    told = answer(tmp_path)
    assert told["word"] == "interrupted"
    assert len(told["steps"]) == 6
    assert told["bounds"] == {"met": 80, "broken": 113}
    assert "Interrupted after 6 steps. The SLO holds up to 80/s" in run.stdout


def test_a_run_that_breaks_down_leaves_what_was_known(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.fails = RunInvalidError("the workers did not come up")
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 3
    assert "the workers did not come up" in run.stderr
    told = answer(tmp_path)
    assert (told["word"], told["exit_code"]) == (None, 3)
    assert told["sentences"] == ["The search ended without an answer: the workers did not come up"]


def test_steps_that_are_known_are_told_though_the_disk_is_full(
    atlas_perf: Command, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = ResultsFolder.put

    def full_disk(folder: ResultsFolder, file_name: str, text: str) -> None:
        if file_name.startswith("step-02"):
            raise ResultsWriteError("the results were not written: no space left")
        put(folder, file_name, text)

    monkeypatch.setattr(ResultsFolder, "put", full_disk)
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 3
    assert "NOT FINISHED  met up to 20/s, broken from ?" in run.stdout
    assert "ended without an answer: the results were not written: no space left" in run.stdout
    assert "no space left" in run.stderr


def test_an_answer_that_cannot_be_written_is_still_told(
    atlas_perf: Command, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = ResultsFolder.put

    def full_disk(folder: ResultsFolder, file_name: str, text: str) -> None:
        if file_name == "console.txt":
            raise ResultsWriteError("the results were not written: no space left")
        put(folder, file_name, text)

    monkeypatch.setattr(ResultsFolder, "put", full_disk)
    run = atlas_perf("find-capacity", "mine.py", *SLO, "--rate-to", "20")
    assert run.exit_code == 3
    assert "HELD TO THE END" in run.stdout
    assert "no space left" in run.stderr


def test_an_error_is_left_without_secrets(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    target.fails = RunInvalidError("refused: hunter2-hunter2")
    run = atlas_perf("find-capacity", "mine.py", *SLO, "-e", "API_TOKEN=hunter2-hunter2")
    assert run.exit_code == 3
    (sentence,) = answer(tmp_path)["sentences"]
    assert "hunter2" not in sentence + run.stderr


REFUSALS = {
    "no slo": ((), "missing option '--slo'"),
    "no expression": (("--slo", "fast"), "has no operator"),
    "a gauge": (("--slo", "vus=value<3"), "a gauge has no total"),
    "in any": (("--slo", "http_req_failed=rate<0.1 in any 5s"), "leave 'in any' and 'over' out"),
    "both models": (("--slo", "p(95)<1", "--rate-to", "9", "--vus-to", "9"), "give the ones or"),
    "backwards": (("--slo", "p(95)<1", "--rate-from", "9", "--rate-to", "8"), "is below"),
    "fraction": (("--slo", "p(95)<1", "--hold", "1500ms"), "--hold must be whole seconds"),
    "users of users": (("--slo", "p(95)<1", "--vus-to", "9", "--max-vus", "9"), "--vus-to says"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_cannot_be_searched_is_refused(
    atlas_perf: Command, target: Target, what: str, tmp_path: Path
) -> None:
    arguments, sentence = REFUSALS[what]
    run = atlas_perf("find-capacity", "mine.py", *arguments)
    assert run.exit_code == 2
    assert sentence in run.stderr
    assert target.plans == []
    assert not (tmp_path / "results").exists()


def test_a_search_that_would_go_beyond_the_projects_limits_is_refused(
    atlas_perf: Command, target: Target, tmp_path: Path
) -> None:
    (tmp_path / "atlas-perf.toml").write_text("max_rate_per_s = 500\n")
    run = atlas_perf("find-capacity", "mine.py", *SLO)
    assert run.exit_code == 2
    assert "more than max_rate_per_s = 500" in run.stderr
    assert target.plans == []
    assert atlas_perf("find-capacity", "mine.py", *SLO, "--rate-to", "400").exit_code == 0
