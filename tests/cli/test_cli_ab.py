"""`atlas-perf ab` and `calibrate`: pairs, looks, and runs that prove nothing, with made-up runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Any

import jsonschema
import pytest
from strict_schemas import validate
from summaries import made_summary

from atlas_perf.cli import ab_session, calibrate
from atlas_perf.cli.repeated_runs import InterruptedRunsError, UnusableRunError
from atlas_perf.errors import ExitCode, RunInvalidError
from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.report.run_files import RunFiles
from atlas_perf.sketch.ddsketch import Sketch

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"
QUANTILES = [NormalDist(0, 0.5).inv_cdf((rank + 0.5) / 800) for rank in range(800)]
BASE, CANDIDATE = "http://base.example", "http://new.example"
AB = ("ab", "smoke", "--base", BASE, "--candidate", CANDIDATE, "--seed", "1")


def sketches(scale: float) -> RunSketches:
    sketch = Sketch()
    for quantile in QUANTILES:
        sketch.add(2e7 * scale * math.exp(quantile))
    trend = KeptTrend("http_req_duration", Contains.TIME, 0, (sketch.to_bytes(),))
    return RunSketches("steady", (60,), (trend,), (KeptRate("http_req_failed", ((0, 800),)),))


@dataclass
class MadeUpRuns:
    """Stands for `RepeatedRuns`: each run of a side is so much slower than the fastest."""

    scales: dict[str, list[float]]
    trouble: dict[int, Exception] = field(default_factory=dict)  # by the number of the run
    made: list[tuple[str, str, int]] = field(default_factory=list)  # name, build, seed

    def __call__(self, *_arguments: Any) -> MadeUpRuns:
        return self

    def refuse_wrong_builds(self, _builds: object) -> None:
        pass

    def lengths_text(self, runs: int) -> str:
        return f"{runs} runs"

    def run(self, build: Any, *, folder: Path, name: str, label: str, seed: int) -> RunFiles:
        self.made.append((name, build.written, seed))
        trouble = self.trouble.get(len(self.made))
        if trouble is not None:
            raise trouble
        return RunFiles(
            folder / name, made_summary("smoke"), sketches(self.scales[build.written].pop(0))
        )


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., MadeUpRuns]:
    monkeypatch.chdir(tmp_path)

    def put(
        base: list[float], candidate: list[float], trouble: dict[int, Exception] | None = None
    ) -> MadeUpRuns:
        runs = MadeUpRuns({BASE: base, CANDIDATE: candidate}, trouble or {})
        monkeypatch.setattr(ab_session, "RepeatedRuns", runs)
        monkeypatch.setattr(calibrate, "RepeatedRuns", runs)
        return runs

    return put


def alike(pairs: int, factor: float = 1.0) -> list[float]:
    return [factor * (1 + n / 500) for n in range(pairs)]


def results() -> Path:
    (folder,) = Path("results").iterdir()
    return folder


@pytest.mark.parametrize(
    ("factor", "word", "exit_code"),
    [(1.0, "✓ PASS", ExitCode.PASS), (1.3, "✗ FAIL", ExitCode.FAIL)],
)
def test_pairs_are_run_in_turns_and_judged(
    atlas_perf, made_up, factor: float, word: str, exit_code: ExitCode
) -> None:
    runs = made_up(alike(5), alike(5, factor))
    outcome = atlas_perf(*AB)
    assert outcome.exit_code == exit_code, outcome.stderr
    assert outcome.stdout.splitlines()[-1].startswith(f"  {word}")
    assert len(runs.made) == 10
    for number in range(5):
        names = {name for name, _, _ in runs.made[2 * number : 2 * number + 2]}
        assert names == {f"pair-{number + 1:02}-base", f"pair-{number + 1:02}-candidate"}
        assert len({seed for _, _, seed in runs.made[2 * number : 2 * number + 2]}) == 1
    assert len({seed for _, _, seed in runs.made}) == 5
    firsts = {build for _, build, _ in runs.made[::2]}
    assert firsts == {BASE, CANDIDATE}
    assert "by a coin with seed 1" in " ".join(outcome.stdout.split())


def test_the_results_hold_what_was_printed(atlas_perf, made_up) -> None:
    made_up(alike(3), alike(3, 1.3))
    outcome = atlas_perf(*AB, "--pairs", "3", "--json")
    plain = json.loads(outcome.stdout)
    assert plain == json.loads((results() / "comparison.json").read_text())
    assert plain["verdict"] == "FAIL"
    assert plain["bases"] == ["pair-01-base", "pair-02-base", "pair-03-base"]
    assert "✗ FAIL" in (results() / "console.txt").read_text()
    validate("comparison", plain)
    failed = "http_req_duration p(95) is no worse"
    assert f'name="{failed}"' in (results() / "junit.xml").read_text()
    assert (results() / "summary.md").read_text().startswith("## ❌ FAIL: 3 pairs")


UNDECIDED = [1.0, 1.2, 1.1]


def test_what_is_inconclusive_is_extended_once_with_half_the_error_each(
    atlas_perf, made_up
) -> None:
    runs = made_up([1.0] * 6, [*UNDECIDED, 1.12, 1.1, 1.11])
    outcome = atlas_perf(*AB, "--pairs", "3", "--extend", "--json")
    assert len(runs.made) == 12
    plain = json.loads(outcome.stdout)
    assert (plain["pairs"], plain["terms"]["alpha"]) == (6, 0.025)
    assert plain["reasons"][-1].endswith("they were looked at twice, each time with 2.5 %.")
    assert "INCONCLUSIVE after 3 pairs: as many again follow" in outcome.stderr


def test_a_first_look_that_decides_is_the_last(atlas_perf, made_up) -> None:
    runs = made_up(alike(3), alike(3, 1.5))
    outcome = atlas_perf(*AB, "--pairs", "3", "--extend", "--json")
    assert (outcome.exit_code, len(runs.made)) == (ExitCode.FAIL, 6)
    plain = json.loads(outcome.stdout)
    assert plain["terms"]["alpha"] == 0.025
    assert plain["reasons"][-1].endswith("they were looked at once, each time with 2.5 %.")


def test_without_asking_nothing_is_extended(atlas_perf, made_up) -> None:
    runs = made_up([1.0] * 3, list(UNDECIDED))
    outcome = atlas_perf(*AB, "--pairs", "3")
    assert (outcome.exit_code, len(runs.made)) == (ExitCode.PASS, 6)
    assert "? INCONCLUSIVE" in outcome.stdout
    assert "exit code 0 does not mean" in outcome.stderr
    runs = made_up([1.0] * 3, list(UNDECIDED))
    outcome = atlas_perf(*AB, "--pairs", "3", "--require-non-inferiority")
    assert outcome.exit_code == ExitCode.INCONCLUSIVE


def test_a_pair_that_proves_nothing_is_made_again_as_a_whole_and_told(atlas_perf, made_up) -> None:
    trouble = {4: UnusableRunError("it is INVALID: The generator was late")}
    runs = made_up(alike(4), alike(4), trouble)
    outcome = atlas_perf(*AB, "--pairs", "3")
    assert outcome.exit_code == ExitCode.PASS
    assert len(runs.made) == 8
    again = [name for name, _, _ in runs.made if name.endswith("-again")]
    assert sorted(again) == ["pair-02-base-again", "pair-02-candidate-again"]
    assert "Pair 2 was made again, since its" in outcome.stdout
    assert "The generator was late" in outcome.stderr


def test_a_pair_that_proves_nothing_twice_ends_it(atlas_perf, made_up) -> None:
    error = UnusableRunError("it is INVALID: The generator was late")
    made_up(alike(4), alike(4), {3: error, 4: error})
    outcome = atlas_perf(*AB, "--pairs", "3")
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.INVALID, "")
    assert outcome.stderr.splitlines()[-1].startswith(
        "atlas-perf: pair 2 proves nothing, and neither did it the first time: its "
    )


def test_an_interruption_says_where_the_pairs_are(atlas_perf, made_up) -> None:
    made_up(alike(5), alike(5), {8: InterruptedRunsError()})
    outcome = atlas_perf(*AB)
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.INTERRUPTED, "")
    assert outcome.stderr.splitlines()[-1] == (
        f"interrupted: 3 of 5 pairs are in {results()}; 'atlas-perf compare' reads them"
    )


def test_an_interruption_of_the_extension_counts_its_pairs_too(atlas_perf, made_up) -> None:
    made_up([1.0] * 6, [*UNDECIDED, 1.12, 1.1, 1.11], {9: InterruptedRunsError()})
    outcome = atlas_perf(*AB, "--pairs", "3", "--extend")
    assert outcome.exit_code == ExitCode.INTERRUPTED
    assert "interrupted: 4 of 6 pairs are in" in outcome.stderr


def test_what_is_to_come_is_said_first_with_its_seed(atlas_perf, made_up) -> None:
    made_up(alike(3), alike(3))
    first = atlas_perf(*AB, "--pairs", "3", "--extend").stderr.splitlines()[0]
    assert first == (
        "3 pairs in the order of seed 1: 6 runs, and as many again if they are INCONCLUSIVE"
    )


def test_the_error_of_all_looks_together_is_told(atlas_perf, made_up) -> None:
    made_up(alike(3), alike(3))
    outcome = atlas_perf(*AB, "--pairs", "3", "--extend")
    text = " ".join(outcome.stdout.split())
    assert "false alarms at most 5 % (2.5 % at each of 2 looks)" in text
    assert "at most 5 % (2.5 % at each of 2 looks) would pass" in text


def test_a_pipeline_is_told_why_there_is_no_comparison(atlas_perf, made_up) -> None:
    made_up(alike(3), alike(3), {4: RunInvalidError("'./new' ended with code 3: boom")})
    outcome = atlas_perf(*AB, "--pairs", "3")
    assert outcome.exit_code == ExitCode.INVALID
    assert f"1 of 3 pairs are in {results()}" in outcome.stderr.splitlines()
    assert "ended with code 3: boom" in (results() / "junit.xml").read_text()
    assert not (results() / "comparison.json").exists()


def test_a_metric_that_cannot_gate_costs_one_pair(atlas_perf, made_up) -> None:
    runs = made_up(alike(5), alike(5))
    outcome = atlas_perf(*AB, "--primary", "x p(95)")
    assert (outcome.exit_code, len(runs.made)) == (ExitCode.USAGE, 2)
    assert "no run kept x p(95)" in outcome.stderr
    runs = made_up(alike(6), [])
    outcome = atlas_perf(*CALIBRATE, "--primary", "x p(95)")
    assert (outcome.exit_code, len(runs.made)) == (ExitCode.USAGE, 2)


def test_a_metric_without_enough_samples_is_told_after_one_pair(atlas_perf, made_up) -> None:
    made_up(alike(3), alike(3))
    outcome = atlas_perf(*AB, "--pairs", "3", "--primary", "http_req_duration p(99)")
    told = (
        "http_req_duration p(99) will have no data: 800 samples in a run, and it takes 2,000; "
        "Ctrl-C ends the runs"
    )
    assert outcome.stderr.count(told) == 1
    assert outcome.exit_code == ExitCode.NO_DATA


@pytest.mark.parametrize("command", ["ab", "calibrate"])
def test_several_scenarios_and_too_many_metrics_cost_no_load(
    atlas_perf, made_up, command: str
) -> None:
    runs = made_up(alike(6), alike(6))
    arguments = AB if command == "ab" else CALIBRATE
    outcome = atlas_perf(command, "all", *arguments[2:])
    assert outcome.exit_code == ExitCode.USAGE
    assert "name one of smoke, api, a2a, websocket" in outcome.stderr
    six = [word for n in range(6) for word in ("--primary", f"http_req_duration p({90 + n})")]
    outcome = atlas_perf(*arguments, *six)
    assert outcome.exit_code == ExitCode.USAGE
    assert "6 primary metrics, and at most 5 may gate" in outcome.stderr
    assert runs.made == []
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--pairs", "2"), "'2' is not a whole number from 3 to 100"),
        (("--noise", "nothing.json"), "--noise nothing.json: No such file or directory"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    atlas_perf, made_up, options: tuple[str, ...], words: str
) -> None:
    made_up(alike(5), alike(5))
    outcome = atlas_perf(*AB, *options)
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.USAGE, "")
    assert words in outcome.stderr


def test_a_scenario_is_refused_before_any_folder_is_made(atlas_perf, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = atlas_perf("ab", "nosuch", "--base", BASE, "--candidate", CANDIDATE)
    assert outcome.exit_code == ExitCode.USAGE
    outcome = atlas_perf("ab", "smoke", "--vus", "0", "--base", BASE, "--candidate", CANDIDATE)
    assert outcome.exit_code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


CALIBRATE = ("calibrate", "smoke", "--build", BASE, "--seed", "1", "--aa", "6")


def test_a_calibration_is_kept_for_comparisons(atlas_perf, made_up) -> None:
    runs = made_up([1.0, 1.1, 0.95, 1.02, 1.2, 0.9, *alike(3)], alike(3))
    outcome = atlas_perf(*CALIBRATE)
    assert outcome.exit_code == ExitCode.PASS, outcome.stderr
    assert [(name, seed) for name, _, seed in runs.made] == [
        ("run-01", 1),
        ("run-02", 1),
        ("run-03", 2),
        ("run-04", 2),
        ("run-05", 3),
        ("run-06", 3),
    ]
    assert "The margin of 5.0 % is below the noise of http_req_duration p(95)" in " ".join(
        outcome.stdout.split()
    )
    noise = json.loads((results() / "noise.json").read_text())
    schema = json.loads((SCHEMAS / "noise.schema.json").read_text())
    jsonschema.validate(noise, schema)
    assert_described(noise, schema, schema)

    outcome = atlas_perf(*AB, "--pairs", "3", "--noise", str(results()))
    assert (
        "warning: the margin of 5.0 % is below the noise of http_req_duration p(95): with 3 "
        in (outcome.stderr)
    )


def assert_described(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> None:
    """Every field that is written has a description."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) == set(schema["properties"])
        for key, one in value.items():
            assert_described(one, schema["properties"][key], whole)
    if isinstance(value, list) and "items" in schema:
        for one in value:
            assert_described(one, schema["items"], whole)


def test_noise_of_other_conditions_or_of_other_metrics_is_told(atlas_perf, made_up) -> None:
    made_up([*alike(6), *alike(3)], alike(3))
    atlas_perf(*CALIBRATE)
    folder = results()
    noise = json.loads((folder / "noise.json").read_text())
    noise["facts"]["CPU model"] = "of another machine"
    (folder / "noise.json").write_text(json.dumps(noise))
    named = ("--primary", "http_req_duration p(90)")
    outcome = atlas_perf(*AB, "--pairs", "3", "--noise", str(folder), *named)
    assert "the noise was measured with another CPU model" in outcome.stderr
    assert "the calibration of --noise says nothing of http_req_duration p(90)" in outcome.stderr


def test_a_run_of_a_calibration_that_proves_nothing_is_made_again_once(atlas_perf, made_up) -> None:
    error = UnusableRunError("it is INVALID: The generator was late")
    runs = made_up(alike(6), [], {3: error})
    outcome = atlas_perf(*CALIBRATE)
    assert outcome.exit_code == ExitCode.PASS
    assert [name for name, _, _ in runs.made[2:4]] == ["run-03", "run-03-again"]
    assert "warning: run 3 is made again, since it is INVALID" in outcome.stderr
    made_up(alike(6), [], {3: error, 4: error})
    outcome = atlas_perf(*CALIBRATE)
    assert outcome.exit_code == ExitCode.INVALID
    assert "run 3 proves nothing, and neither did it the first time: it is INV" in outcome.stderr


def test_a_calibration_prints_json_on_request(atlas_perf, made_up) -> None:
    made_up(alike(6), [])
    outcome = atlas_perf(*CALIBRATE, "--json")
    assert json.loads(outcome.stdout) == json.loads((results() / "noise.json").read_text())


@pytest.mark.parametrize(
    ("trouble", "exit_code", "words"),
    [
        (InterruptedRunsError(), ExitCode.INTERRUPTED, "interrupted: 3 of 6 runs are in"),
        (RunInvalidError("it ended"), ExitCode.INVALID, "3 of 6 runs are in"),
    ],
)
def test_a_calibration_that_cannot_go_on(
    atlas_perf, made_up, trouble: Exception, exit_code: ExitCode, words: str
) -> None:
    made_up(alike(6), [], {4: trouble})
    outcome = atlas_perf(*CALIBRATE)
    assert outcome.exit_code == exit_code
    assert words in outcome.stderr
