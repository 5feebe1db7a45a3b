"""From options to plan to printed summary, with a coordinator that only notes what it is given."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from summaries import made_summary

from atlas_perf.cli import measuring
from atlas_perf.errors import ExitCode, InternalError, RunInvalidError, SetupError
from atlas_perf.model.plan import ConstantVUs, RampingVUs, Stage, TestPlan
from atlas_perf.model.progress import Progress, RunPhase
from atlas_perf.model.summary import Facts, Summary
from atlas_perf.model.verdict import Verdict
from atlas_perf.outputs.base import Output
from atlas_perf.report.results_folder import ResultsFolder
from atlas_perf.units import NS_PER_S

SCENARIO = """
from atlas_perf import env

options = {"vus": 6, "duration": "30s", "thresholds": {"http_reqs": ["count>0"]}}
seen = dict(env)


async def default(vu):
    pass
"""


@dataclass
class Coordinator:
    """Stands where `run_plan` is; answers with prepared verdicts, PASS by default."""

    answers: list[Summary | Exception] = field(default_factory=list)
    plans: list[TestPlan] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)

    async def run_plan(
        self,
        plan: TestPlan,
        *,
        facts: Facts,
        outputs: Sequence[Output],
        on_progress: Callable[[Progress], None],
        interrupts: Any,
        calibration: None,
        baselines: None,
    ) -> Summary:
        self.plans.append(plan)
        self.facts.append(facts)
        on_progress(Progress(RunPhase.RUNNING, 1, 2, 3, 6, 5, 0, 7, 8.0, 0, 9.0, 0, 1, 1))
        answer = self.answers.pop(0) if self.answers else made_summary(plan.name)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def coordinator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Coordinator:
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "other", "third"):
        (tmp_path / f"{name}.py").write_text(SCENARIO)
    fake = Coordinator()
    monkeypatch.setattr(measuring, "run_plan", fake.run_plan)
    return fake


def test_stdout_holds_the_summary_and_stderr_the_rest(atlas_perf, coordinator, tmp_path) -> None:
    run = atlas_perf("run", "mine.py", "-e", "BASE_URL=http://ann:pw@here.example", "-p", "1")
    assert run.exit_code == 0
    assert "PASS" in run.stdout
    (folder,) = (tmp_path / "results").iterdir()
    first, phase, *last = run.stderr.splitlines()
    assert first == "mine: up to 6 VUs for at most 30s in 1 worker, target http://here.example"
    assert phase == "mine: running"
    assert last == [
        f"results: results/{folder.name}",
        f"report: results/{folder.name}/report.html",
    ]
    assert json.loads((folder / "summary.json").read_text())["verdict"] == "PASS"


def test_quiet_leaves_the_summary_only(atlas_perf, coordinator) -> None:
    run = atlas_perf("run", "mine.py", "--quiet")
    assert (run.exit_code, run.stderr) == (0, "")
    assert "PASS" in run.stdout


def test_options_reach_the_plan(atlas_perf, coordinator) -> None:
    atlas_perf(
        *("run", "mine.py", "-u", "9", "-d", "40s", "--duration-scale", "0.5"),
        *("--vus-scale", "2", "--seed", "7", "-p", "3", "--tag", "team=blue"),
        *("--threshold", "http_req_duration{name:x}=p(95)<500", "-e", "REGION=eu"),
    )
    (plan,) = coordinator.plans
    assert plan.scenarios[0].executor == ConstantVUs(vus=18, duration_ns=20 * NS_PER_S)
    assert (plan.seed, plan.processes, plan.tags["team"]) == (7, 3, "blue")
    assert [(each.selector, each.expression) for each in plan.thresholds] == [
        ("http_reqs", "count>0"),
        ("http_req_duration{name:x}", "p(95)<500"),
    ]
    assert dict(plan.env) == {"REGION": "eu"}


def test_stages_replace_the_files_load(atlas_perf, coordinator) -> None:
    atlas_perf("run", "mine.py", "-s", "10s:4", "-s", "5s:0", "--no-thresholds")
    (plan,) = coordinator.plans
    executor = plan.scenarios[0].executor
    assert isinstance(executor, RampingVUs)
    assert executor.stages == (Stage(10 * NS_PER_S, 4), Stage(5 * NS_PER_S, 0))
    assert plan.thresholds == ()
    assert plan.default_gates


def test_there_are_never_more_workers_than_users(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atlas_perf.cli.session.usable_cores", lambda: 16)
    atlas_perf("run", "mine.py")
    atlas_perf("run", "mine.py", "-u", "40")
    many = atlas_perf("run", "mine.py", "-p", "12")
    assert [plan.processes for plan in coordinator.plans] == [6, 16, 6]
    assert "--processes 12 is more than 6 virtual users can fill: 6 start" in many.stderr


def test_a_scenario_sees_the_urls_the_tokens_and_what_it_was_given(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKEN", "token-of-the-process")
    monkeypatch.setenv("A2A_TOKEN", "overridden")
    monkeypatch.setenv("UNRELATED", "stays out")
    atlas_perf(
        *("run", "mine.py", "--environment", "local", "-e", "A2A_TOKEN=given", "-e", "X=a=b")
    )
    assert dict(coordinator.plans[0].env) == {
        "AUTH_TOKEN": "token-of-the-process",
        "A2A_TOKEN": "given",
        "X": "a=b",
        "BASE_URL": "http://localhost:8088",
        "WS_URL": "ws://localhost:8088",
    }
    assert (coordinator.facts[0].environment, coordinator.facts[0].target) == (
        "local",
        "http://localhost:8088",
    )


def test_no_token_reaches_a_stream_or_a_file(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTH_TOKEN", "very-secret-bearer")
    coordinator.answers = [SetupError("not ready")]
    run = atlas_perf("run", "mine.py", "-e", "BASE_URL=http://ann:very-secret-pw@here.example")
    (file,) = (tmp_path / "results").rglob("summary.json")
    assert "here.example" in file.read_text()
    assert coordinator.facts[0].target == "http://here.example"
    assert "very-secret" not in file.read_text() + run.stdout + run.stderr


@pytest.mark.parametrize("given", [True, False])
def test_an_error_of_the_file_tells_no_secret(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: bool
) -> None:
    (tmp_path / "broken.py").write_text(
        "from atlas_perf import env\nraise ValueError('no user ' + env['AUTH_TOKEN'])\n"
    )
    if not given:
        monkeypatch.setenv("AUTH_TOKEN", "very-secret-bearer")
    run = atlas_perf(
        "run", "broken.py", *(["-e", "AUTH_TOKEN=very-secret-bearer"] if given else [])
    )
    assert run.exit_code == 2
    assert run.stderr == (
        "atlas-perf: broken.py:2: importing the file raised ValueError: no user ***\n"
    )


@pytest.mark.parametrize(
    ("error", "exit_code", "reason"),
    [
        (
            SetupError("setup raised OSError: no very-secret-bearer", file="mine.py", line=3),
            2,
            "The run ended without a verdict: mine.py:3: setup raised OSError: no ***",
        ),
        (RunInvalidError("no worker"), 3, "The run ended without a verdict: no worker"),
        (InternalError("cannot be"), 70, "The run ended in a bug of atlas-perf: InternalError: "),
        (KeyError("x"), 70, "The run ended in a bug of atlas-perf: KeyError: 'x'"),
    ],
)
def test_the_summary_of_a_run_that_an_error_ended_says_so(
    atlas_perf, coordinator, error: Exception, exit_code: int, reason: str
) -> None:
    coordinator.answers = [error]
    run = atlas_perf("run", "mine.py", "-e", "AUTH_TOKEN=very-secret-bearer")
    assert run.exit_code == exit_code
    (file,) = Path("results").rglob("*.*")
    summary = json.loads(file.read_text())
    assert (summary["verdict"], summary["exit_code"]) == ("INVALID", exit_code)
    assert summary["reasons"][0].startswith(reason)


def test_an_error_is_told_even_if_its_summary_cannot_be_written(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def the_folder_goes(*arguments: Any, **settings: Any) -> Summary:
        (folder,) = (tmp_path / "results").iterdir()
        folder.rename(tmp_path / "moved-away")
        raise SetupError("not ready")

    monkeypatch.setattr(measuring, "run_plan", the_folder_goes)
    run = atlas_perf("run", "mine.py")
    assert (run.exit_code, run.stderr.splitlines()[-1]) == (2, "atlas-perf: not ready")


def test_several_scenarios_end_with_the_worst(atlas_perf, coordinator, tmp_path) -> None:
    coordinator.answers = [made_summary("mine", Verdict.FAIL), made_summary("other")]
    run = atlas_perf("run", "mine.py", "other.py")
    assert run.exit_code == 1
    assert run.stdout.splitlines()[-1] == "overall: FAIL (mine FAIL, other PASS)"
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_after_an_interrupt_the_rest_is_not_run_and_that_is_said(atlas_perf, coordinator) -> None:
    coordinator.answers = [made_summary("mine", Verdict.PASS, ExitCode.INTERRUPTED)]
    run = atlas_perf("run", "mine.py", "other.py", "third.py")
    assert run.exit_code == 130
    assert [plan.name for plan in coordinator.plans] == ["mine"]
    assert "interrupted: not run: other, third" in run.stderr
    assert run.stdout.splitlines()[-1] == "overall: PASS (mine PASS; not run: other, third)"


def test_a_typo_in_the_last_scenario_costs_no_load(atlas_perf, coordinator, tmp_path) -> None:
    (tmp_path / "broken.py").write_text(SCENARIO.replace('"vus"', '"vuss"'))
    run = atlas_perf("run", "mine.py", "broken.py")
    assert run.exit_code == 2
    assert "vuss" in run.stderr
    assert coordinator.plans == []
    assert not (tmp_path / "results").exists()


def test_one_output_file_for_two_runs_is_refused(atlas_perf, coordinator) -> None:
    run = atlas_perf("run", "mine.py", "other.py", "--out", "json=samples.json")
    assert run.exit_code == 2
    assert "overwritten" in run.stderr
    assert coordinator.plans == []


def test_an_output_that_wants_samples_gets_them(atlas_perf, coordinator) -> None:
    atlas_perf("run", "mine.py", "--out", "json=samples.json")
    atlas_perf("run", "mine.py")
    assert [plan.keep_samples for plan in coordinator.plans] == [True, False]


def test_results_that_cannot_be_written_at_the_end_are_no_pass(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_plan = coordinator.run_plan

    async def and_the_folder_goes(*arguments: Any, **settings: Any) -> Summary:
        summary = await run_plan(*arguments, **settings)
        (folder,) = (tmp_path / "results").iterdir()
        folder.rename(tmp_path / "moved-away")
        return summary

    monkeypatch.setattr(measuring, "run_plan", and_the_folder_goes)
    run = atlas_perf("run", "mine.py")
    assert run.exit_code == 3
    assert "1.00s measured" in run.stdout  # the measurement is shown all the same
    last = run.stdout.splitlines()[-1]
    assert "INVALID" in last
    assert "exit code 3" in last
    assert "The results were not written: results/" in run.stdout
    assert "PASS" not in run.stdout
    assert "criterion was met" not in run.stdout
    assert "Traceback" not in run.stderr


def test_a_reader_that_goes_away_does_not_change_the_exit_code(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(text: str) -> int:
        raise BrokenPipeError

    silenced = []
    monkeypatch.setattr(sys.stdout, "write", gone)
    monkeypatch.setattr(sys.stderr, "write", gone)
    monkeypatch.setattr("atlas_perf.cli.streams.silence", silenced.append)
    coordinator.answers = [made_summary("mine", Verdict.NO_DATA)]
    assert atlas_perf("run", "mine.py").exit_code == 4
    assert {sys.stdout, sys.stderr} == set(silenced)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_results_are_written_loses_nothing(
    atlas_perf, coordinator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    write = ResultsFolder.write

    def interrupted(folder: ResultsFolder, *finished: Any) -> None:
        os.kill(os.getpid(), number)
        write(folder, *finished)

    monkeypatch.setattr(ResultsFolder, "write", interrupted)
    run = atlas_perf("run", "mine.py")
    (file,) = (tmp_path / "results").rglob("summary.json")
    assert json.loads(file.read_text())["verdict"] == "PASS"
    assert "PASS" in run.stdout
    assert run.exit_code == 0

    run = atlas_perf("run", "mine.py", "other.py")
    assert run.exit_code == 130
    assert "not run: other" in run.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_load_ends_the_command_quietly(
    atlas_perf, coordinator, tmp_path: Path, number: int
) -> None:
    source = f"import os\nos.kill(os.getpid(), {int(number)})\n" + SCENARIO
    (tmp_path / "mine.py").write_text(source)
    run = atlas_perf("run", "mine.py")
    assert (run.exit_code, run.stderr) == (130, "atlas-perf: interrupted\n")
    assert coordinator.plans == []


def test_after_an_error_the_rest_is_not_run_and_that_is_said(atlas_perf, coordinator) -> None:
    coordinator.answers = [made_summary("mine"), SetupError("not ready")]
    run = atlas_perf("run", "mine.py", "other.py", "third.py")
    assert run.exit_code == 2
    assert [plan.name for plan in coordinator.plans] == ["mine", "other"]
    assert "not ready" in run.stderr
    assert run.stdout.splitlines()[-1] == (
        "overall: no verdict (mine PASS, other broke down; not run: third)"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--contract", "deployed", "-e", "CONTRACT=documented"),
            "--contract deployed and -e CONTRACT=documented contradict each other",
        ),
        (("--profile", "spike", "-s", "10s:5"), "--profile and --stage are two ramps"),
        (("--profile", "sike"), "did you mean 'spike'?"),
        (("--contract", "deplyed"), "did you mean 'deployed'?"),
        (("--profile", "soak", "-i", "3"), "two kinds of load"),
    ],
)
def test_a_contract_or_profile_that_cannot_be_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, atlas_perf
) -> None:
    refused = atlas_perf("run", "smoke", *arguments)
    assert refused.exit_code == 2
    assert sentence in refused.stderr
