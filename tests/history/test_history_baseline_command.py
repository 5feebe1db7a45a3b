"""`atlas-perf baseline`: what is kept and promoted, and each refusal with its exit code."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from made_runs import FIRST_DAY, interrupted, run, sketches, window, write
from schema_fields import schema_of

from atlas_perf.errors import ExitCode
from atlas_perf.model.kept_run import History
from atlas_perf.model.run_sketches import RunSketches
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.run_files import RunFiles

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/history.schema.json").read_text(encoding="utf-8")
)
COMMIT = "1f3c9a2b" * 5
NO_FACTS = {"cpu_model": "", "python": ""}


def listed(atlas_perf, *options: str) -> list[dict]:
    return json.loads(atlas_perf("baseline", "list", "--json", *options).stdout)["runs"]


def test_runs_of_a_folder_are_kept_and_listed(atlas_perf) -> None:
    for day in (1, 0):
        write(Path(f"results/{day}"), run(day))
    outcome = atlas_perf("baseline", "save", "results", "--label", "v 1.4/x", "--commit", COMMIT)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    first, second = outcome.stdout.splitlines()
    assert first.startswith("kept 20260901T030000Z-api-v-1.4-x-")
    assert first.endswith(" kB")
    runs = listed(atlas_perf)
    assert [one["started_at"] for one in runs] == ["2026-09-01T03:00:00Z", "2026-09-02T03:00:00Z"]
    assert {(one["label"], one["commit"]) for one in runs} == {("v 1.4/x", COMMIT)}
    assert Path(runs[0]["path"]) == Path(".atlas-perf/history") / runs[0]["id"]
    table = atlas_perf("baseline", "list").stdout.splitlines()
    assert table[0].split() == ["run", "scenario", "verdict", "build", "promoted", "as"]
    assert table[2].split()[0] in second
    assert table[-1].startswith("2 kept runs in .atlas-perf/history · ")


def test_saving_again_says_that_it_is_kept(atlas_perf) -> None:
    folder = str(write(Path("results/1"), run()))
    atlas_perf("baseline", "save", folder)
    outcome = atlas_perf("baseline", "save", folder + "/summary.json", "--label", "other")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    assert "is kept already, as 20260901T030000Z-api-" in outcome.stderr
    assert len(listed(atlas_perf)) == 1


@pytest.mark.parametrize(
    ("variables", "options", "expected"),
    [
        ({}, (), ""),
        ({"CI_COMMIT_SHA": "c1c1c1c1"}, (), "c1c1c1c1"),
        ({"GITHUB_SHA": "d2d2d2d2"}, (), "d2d2d2d2"),
        ({"CI_COMMIT_SHA": "c1c1c1c1"}, ("--commit", "e3e3e3e3"), "e3e3e3e3"),
        ({"CI_COMMIT_SHA": "no commit\n"}, (), ""),
    ],
)
def test_the_commit_is_that_of_the_option_or_of_the_pipeline(
    atlas_perf, monkeypatch: pytest.MonkeyPatch, variables, options, expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    write(Path("results/1"), run())
    outcome = atlas_perf("baseline", "save", "results", *options)
    assert outcome.exit_code == 0
    assert [one["commit"] for one in listed(atlas_perf)] == [expected]
    assert ("no commit is noted" in outcome.stderr) is ("no commit\n" in variables.values())


def test_without_a_pipeline_it_is_that_of_the_repository(atlas_perf) -> None:
    write(Path("results/1"), run())
    for words in (("init", "--quiet"), ("commit", "--quiet", "--allow-empty", "--message=0")):
        identity = ("-c", "user.name=n", "-c", "user.email=e@x")
        subprocess.run(["git", *identity, *words], check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    atlas_perf("baseline", "save", "results")
    (kept,) = listed(atlas_perf)
    assert kept["commit"] == head
    assert f"-api-{head[:12]}-" in kept["id"]


def test_no_secret_is_kept(atlas_perf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "s3cr3t-value")
    write(Path("results/1"), run())
    atlas_perf("baseline", "save", "results", "--label", "build of s3cr3t-value")
    for file in Path(".atlas-perf").rglob("*"):
        assert "s3cr3t" not in file.name
        assert not file.is_file() or b"s3cr3t" not in file.read_bytes()
    assert listed(atlas_perf)[0]["label"] == "build of ***"


BAD = {
    "failed": (
        {"verdict": Verdict.FAIL, "reasons": ("p(95) broke the limit.",)},
        ExitCode.FAIL,
        "its verdict is FAIL, not PASS: p(95) broke the limit",
    ),
    "no-data": ({"verdict": Verdict.NO_DATA}, ExitCode.NO_DATA, "its verdict is NO_DATA"),
    "invalid": (
        {"verdict": Verdict.INVALID, "reasons": ("A worker was lost.",)},
        ExitCode.INVALID,
        "it is INVALID: A worker was lost",
    ),
    "interrupted": (interrupted(), ExitCode.INVALID, "only a part of a run"),
    "unknown": (
        {"facts": NO_FACTS},
        ExitCode.INVALID,
        "it does not say how it was made, so that no later run can be known to be like it; "
        "missing: Python version, CPU model",
    ),
    "planless": ({"plan": {}}, ExitCode.INVALID, "missing: worker processes, plan"),
    "timeless": ({"started_at": "yesterday"}, ExitCode.INVALID, "does not say when it began"),
}


@pytest.mark.parametrize("name", BAD)
def test_only_a_whole_and_valid_pass_is_promoted(atlas_perf, name: str) -> None:
    changes, exit_code, words = BAD[name]
    folder = str(write(Path("results/1"), run(**changes)))
    outcome = atlas_perf("baseline", "promote", folder)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    (line,) = outcome.stderr.splitlines()
    assert words in line
    assert listed(atlas_perf) == []


@pytest.mark.parametrize(
    ("gone", "exit_code", "words"),
    [
        ("sketches.msgpack", ExitCode.NO_DATA, "there is no sketches.msgpack"),
        ("summary.json", ExitCode.NO_DATA, "results/1 holds no run: there is no summary.json"),
    ],
)
def test_a_part_of_a_run_is_not_promoted(
    atlas_perf, gone: str, exit_code: ExitCode, words: str
) -> None:
    folder = write(Path("results/1"), run())
    (folder / gone).unlink()
    outcome = atlas_perf("baseline", "promote", str(folder))
    assert outcome.exit_code == exit_code
    assert words in outcome.stderr


def test_of_a_folder_of_runs_the_only_one_is_promoted(atlas_perf) -> None:
    write(Path("results/1"), run())
    assert atlas_perf("baseline", "promote", "results").exit_code == 0
    write(Path("results/2"), run(1))
    outcome = atlas_perf("baseline", "promote", "results")
    assert outcome.exit_code == ExitCode.USAGE
    assert "results holds 2 runs: name the one that is meant" in outcome.stderr


def test_a_run_that_measured_nothing_is_not_promoted(atlas_perf) -> None:
    made = run()
    write(Path("results/1"), RunFiles(made.path, made.summary, RunSketches("", (), (), ())))
    outcome = atlas_perf("baseline", "promote", "results/1")
    assert outcome.exit_code == ExitCode.NO_DATA
    assert "it measured nothing" in outcome.stderr


def test_a_kept_run_that_failed_is_not_promoted(atlas_perf) -> None:
    write(Path("results/1"), run(verdict=Verdict.FAIL))
    assert atlas_perf("baseline", "save", "results").exit_code == 0  # it is history, too
    outcome = atlas_perf("baseline", "promote", listed(atlas_perf)[0]["id"])
    assert outcome.exit_code == ExitCode.FAIL
    assert listed(atlas_perf)[0]["promoted_as"] == []


def test_results_and_kept_runs_are_promoted(atlas_perf) -> None:
    for day in (0, 1):
        write(Path(f"results/{day}"), run(day))
    outcome = atlas_perf("baseline", "promote", "results/0", "--label", "v1")
    assert outcome.exit_code == 0
    kept, promoted = outcome.stdout.splitlines()
    assert kept.startswith("kept 20260901T030000Z-api-v1-")
    assert promoted == f"main stands for {kept.split()[1]} now"
    assert atlas_perf("baseline", "promote", "main", "--as", "v1").stdout.startswith("v1 stands")
    assert atlas_perf("baseline", "promote", "v1").stdout.endswith(" already\n")
    assert atlas_perf("baseline", "promote", "results/1").exit_code == 0
    assert [(one["promoted_as"], one["was_promoted"]) for one in listed(atlas_perf)] == [
        (["v1"], ["main"]),
        (["main"], []),
    ]
    table = atlas_perf("baseline", "list").stdout.splitlines()
    assert table[1].split()[-1] == "v1"
    shown = atlas_perf("baseline", "show", "v1").stdout
    assert f"  kept run    {kept.split()[1]}" in shown
    assert "  was         main" in shown
    assert "✓ PASS" in shown.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "exit_code", "words"),
    [
        ({"verdict": Verdict.INVALID}, ExitCode.INVALID, "it is INVALID"),
        (interrupted(), ExitCode.INVALID, "it was interrupted"),
    ],
)
def test_a_run_that_proves_nothing_is_not_kept_and_the_others_are(
    atlas_perf, changes, exit_code: ExitCode, words: str
) -> None:
    write(Path("results/0"), run(0, **changes))
    write(Path("results/1"), run(1))
    outcome = atlas_perf("baseline", "save", "results")
    assert outcome.exit_code == exit_code
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("error: not kept: results/0: ")
    assert words in line
    assert len(listed(atlas_perf)) == 1


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("save", "gone"), ExitCode.NO_DATA, "gone: there is no such results folder"),
        (("save", "."), ExitCode.NO_DATA, ". holds no run: there is no summary.json in it"),
        (("save",), ExitCode.USAGE, "missing argument 'RESULTS...'"),
        (("save", ".", "--commit", "a b"), ExitCode.USAGE, "write its hash"),
        (("save", ".", "--label", " "), ExitCode.USAGE, "is not a label"),
        (("show", "main"), ExitCode.NO_DATA, "there is no kept run 'main': the store is empty"),
        (("promote", "main"), ExitCode.NO_DATA, "keep one with 'atlas-perf baseline save RESULTS'"),
        (("promote", "main", "--as", "a/b"), ExitCode.USAGE, "'a/b' is not a name"),
        (("promote", "main", "--label", "v1"), ExitCode.USAGE, "leave them out"),
        (("prune",), ExitCode.USAGE, "--keep N, --older-than AGE, or both"),
        (("prune", "--older-than", "90"), ExitCode.USAGE, "has no unit|is not a duration"),
        (("prnue",), ExitCode.USAGE, "did you mean 'prune'"),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    atlas_perf, arguments: tuple[str, ...], exit_code: ExitCode, words: str
) -> None:
    outcome = atlas_perf("baseline", *arguments)
    assert (outcome.exit_code, outcome.stdout) == (exit_code, "")
    (line,) = outcome.stderr.splitlines()
    assert any(each in line for each in words.split("|")), line


def test_old_runs_are_pruned_only_if_it_is_meant(atlas_perf) -> None:
    for day in range(4):
        write(Path(f"results/{day}"), run(day))
    atlas_perf("baseline", "promote", "results/0")
    atlas_perf("baseline", "save", "results")
    dry = atlas_perf("baseline", "prune", "--keep", "1", "--dry-run")
    assert dry.stdout.splitlines()[-1].startswith("2 runs, ")
    assert dry.stdout.count("would take out") == 2
    assert len(listed(atlas_perf)) == 4
    age = datetime.now(UTC) - FIRST_DAY - timedelta(days=1, hours=12)
    older = f"{max(1, round(age.total_seconds()))}s"
    outcome = atlas_perf("baseline", "prune", "--keep", "1", "--older-than", older)
    assert outcome.exit_code == 0
    left = [one["started_at"][:10] for one in listed(atlas_perf)]
    assert left == ["2026-09-01", "2026-09-03", "2026-09-04"]


def test_a_run_that_cannot_be_read_is_a_warning(atlas_perf) -> None:
    write(Path("results/0"), run())
    atlas_perf("baseline", "save", "results")
    (file,) = Path(".atlas-perf/history").glob("*/summary.json")
    file.write_text("{")
    outcome = atlas_perf("baseline", "list", "--json")
    plain = json.loads(outcome.stdout)
    assert (outcome.exit_code, plain["runs"]) == (0, [])
    assert "summary.json" in plain["unreadable"][0]
    assert outcome.stderr.startswith("warning: ")


def test_a_store_that_is_a_file_is_told(atlas_perf) -> None:
    write(Path("results/0"), run())
    Path("file").write_text("")
    for words in (("save", "results"), ("list",)):
        outcome = atlas_perf("baseline", *words, "--store", "file")
        assert outcome.exit_code == ExitCode.INVALID
        assert "file: Not a directory" in outcome.stderr


def test_a_kept_run_takes_tens_of_kilobytes(atlas_perf) -> None:
    """61 distributions in six windows each."""
    names = [f"http_req_duration{{name:GET /api/resource-{number}}}" for number in range(60)]
    made = run()
    trend = sketches().trends[0]
    many = tuple(
        type(trend)(name, trend.contains, 0, trend.windows * 3) for name in (trend.selector, *names)
    )
    kept = RunSketches("steady", (100,) * 6, many, ())
    write(Path("results/0"), RunFiles(made.path, made.summary, kept))
    atlas_perf("baseline", "save", "results")
    (one,) = listed(atlas_perf)
    assert one["size_bytes"] < 150_000


def test_a_kept_summary_satisfies_the_schema_of_summaries(atlas_perf) -> None:
    write(Path("results/0"), run(windows=tuple(window(second) for second in range(99))))
    atlas_perf("baseline", "save", "results")
    schema = Path(__file__).parents[2] / "docs/schemas/summary.schema.json"
    (kept,) = Path(".atlas-perf/history").glob("*/summary.json")
    plain = json.loads(kept.read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(plain)


def test_the_list_satisfies_its_schema(atlas_perf) -> None:
    write(Path("results/0"), run())
    atlas_perf("baseline", "promote", "results/0")
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(
        json.loads(atlas_perf("baseline", "list", "--json").stdout)
    )
    schema_of(History, SCHEMA)
