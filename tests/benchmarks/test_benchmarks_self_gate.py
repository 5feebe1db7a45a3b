"""The gate on the generator itself: what it builds, what it takes for the cost, how it judges."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from atlas_perf.model.comparison import Finding
from atlas_perf.model.verdict import Verdict
from atlas_perf.report.results_folder import SUMMARY_FILE
from atlas_perf.report.run_files import read_run
from atlas_perf.report.summary_json import summary_to_json
from benchmarks.self_gate import __main__ as gate
from benchmarks.self_gate import pairs
from benchmarks.self_gate.cost import OF_A_REQUEST, add_cost, workers_cpu_s
from benchmarks.self_gate.judging import judge, middle
from benchmarks.self_gate.pairs import measure, run_pairs
from benchmarks.self_gate.revisions import (
    GateFailed,
    export,
    last_release,
    revision,
    working_tree,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of this build, as short as its percentiles allow."""
    place = tmp_path_factory.mktemp("self-gate") / "run"
    while not measure(Path(sys.executable), place, "--duration-scale", "0.3"):
        pass
    return place


def costing(run: Path, folder: Path, times: float, **facts: str) -> Path:
    """The same run, as if its workers had taken so many times as long."""
    shutil.copytree(run, folder)
    summary = read_run(folder).summary
    workers = tuple(replace(one, cpu_share=one.cpu_share * times) for one in summary.workers)
    summary = replace(summary, workers=workers, facts=replace(summary.facts, **facts))
    (folder / SUMMARY_FILE).write_text(summary_to_json(summary))
    add_cost(folder, command_cpu_s=1.0)
    return folder


def sides(run: Path, folder: Path, *times: float) -> tuple[list[Path], list[Path]]:
    bases = [costing(run, folder / f"base-{n}", 1 + n / 500) for n in range(len(times))]
    return bases, [costing(run, folder / f"new-{n}", one) for n, one in enumerate(times)]


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        ((1.2, 1.21, 1.22), Verdict.FAIL),
        ((1.0, 1.001, 1.002), Verdict.PASS),
        ((1.0, 1.2, 1.1), Verdict.INCONCLUSIVE),
    ],
)
def test_requests_that_cost_more_fail(run, tmp_path, times, verdict) -> None:
    assert judge(*sides(run, tmp_path, *times), margin=0.05).verdict is verdict


def test_the_cost_of_a_run_is_one_number(run, tmp_path) -> None:
    bases, candidates = sides(run, tmp_path, 1.1, 1.1, 1.1)
    cost, floor = judge(bases, candidates, margin=0.05).metrics[:2]
    summaries = [read_run(one).summary for one in candidates]
    assert cost.selector == OF_A_REQUEST
    assert cost.candidate == pytest.approx(
        1000 * workers_cpu_s(summaries[0]) / summaries[0].metrics["http_reqs"].values["count"]
    )
    assert 0.001 < cost.candidate < 1  # ms
    assert (floor.primary, floor.finding) == (True, Finding.NON_INFERIOR)


def test_builds_of_other_versions_are_compared_and_other_pythons_are_not(run, tmp_path) -> None:
    bases, candidates = sides(run, tmp_path, 1.0, 1.0)
    newer = costing(run, tmp_path / "newer", 1.0, tool_version="9.0")
    assert judge([*bases, run], [*candidates, newer], margin=0.05).verdict is Verdict.PASS
    other = costing(run, tmp_path / "other", 1.0, python="3.99.0")
    with pytest.raises(GateFailed, match="different Python version: delete"):
        judge([*bases, run], [*candidates, other], margin=0.05)


def test_the_middle_run_is_kept(run, tmp_path) -> None:
    _, candidates = sides(run, tmp_path, 1.3, 1.0, 1.1)
    assert middle(candidates).name == "new-2"


def test_pairs_are_run_in_turns_and_an_invalid_run_again(monkeypatch, tmp_path) -> None:
    made: list[str] = []

    def measured(python: Path, place: Path, *options: str) -> bool:
        made.append(place.name)
        assert python.name == place.name.removeprefix("warm-up-").split("-")[0]
        return made.count(place.name) == 2 or place.name != "base-2"

    monkeypatch.setattr(pairs, "measure", measured)
    pythons = {side: Path(side) for side in ("base", "candidate")}
    bases, candidates = run_pairs(pythons, 3, tmp_path)
    assert [one.name for one in bases] == ["base-1", "base-2", "base-3"]
    assert [one.name for one in candidates] == ["candidate-1", "candidate-2", "candidate-3"]
    assert made[:2] == ["warm-up-base", "warm-up-candidate"]
    assert [name[-1] for name in made[2:]] == list("1122233")
    monkeypatch.setattr(pairs, "measure", lambda python, place, *options: False)
    with pytest.raises(GateFailed, match="leave the machine alone"):
        run_pairs(pythons, 3, tmp_path)


def test_the_verdict_is_the_exit_code_and_is_left_for_ci(
    run, tmp_path, monkeypatch, capsys
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    monkeypatch.setattr(gate, "FOLDER", tmp_path)
    monkeypatch.setattr(gate, "HISTORY", tmp_path / "history")
    monkeypatch.setattr(gate, "built", lambda *asked: Path(sys.executable))
    monkeypatch.setattr(gate, "run_pairs", lambda *asked: sides(run, runs, 1.2, 1.21, 1.22))
    monkeypatch.setattr(gate, "working_tree", lambda checkout: revision(checkout, "HEAD"))
    assert gate.main(["--base", "HEAD", "--record"]) == 1
    assert "is worse by" in capsys.readouterr().out
    assert 'failures="1"' in (runs / "junit.xml").read_text()
    assert "FAIL" in (runs / "summary.md").read_text()
    (kept,) = (tmp_path / "history").glob("*/kept.json")
    assert sum(file.stat().st_size for file in kept.parent.iterdir()) < 50_000
    assert gate.main(["--base", "no-such-revision"]) == 3
    assert "no-such-revision" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        gate.main(["--pairs", "2"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for word in ("old", "new"):
        (folder / "file").write_text(word)
        git(folder, "add", "file")
        git(folder, "commit", "--quiet", "--message", word)
    return folder


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=ci", "-c", "user.email=ci@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def test_what_is_not_committed_is_built_and_left_alone(repository, tmp_path) -> None:
    assert working_tree(repository) == revision(repository, "HEAD")
    (repository / "file").write_text("newest")
    tree = working_tree(repository)
    assert not tree.committed
    export(repository, tree.commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "file").read_text() == "newest"
    assert (repository / "file").read_text() == "newest"


def test_the_base_is_the_last_release_or_the_commit_before(repository, tmp_path) -> None:
    assert last_release(repository) == "HEAD^"
    git(repository, "tag", "v1", "HEAD^")
    assert last_release(repository) == "v1"
    export(repository, revision(repository, "v1").commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "file").read_text() == "old"
    with pytest.raises(GateFailed, match="no such revision"):
        revision(repository, "v2")
