"""The pipeline: valid by GitLab's schema, its load-test jobs run for real by gitlab-ci-local."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from atlas_perf.cli.embedded import embedded_target

CHECKOUT = Path(__file__).parents[2]
PIPELINES = (CHECKOUT / ".gitlab-ci.yml", CHECKOUT / ".gitlab" / "load-test.yml")
TOOLS = CHECKOUT / "build" / "ci-tools" / "node_modules" / ".bin"
PATH = os.pathsep.join([str(Path(sys.executable).parent), str(TOOLS), os.environ["PATH"]])
RUNNER = shutil.which("gitlab-ci-local", path=PATH)

SCENARIO = """
options = {"vus": 1, "iterations": 3}


async def default(vu):
    await vu.http.get("/api/runs?page=0&size=5")
"""


@dataclass(frozen=True)
class Job:
    exit_code: int
    said: str
    folder: Path


class Repository:
    """A repository of its own, as the orchestrator's is, with the template beside a scenario."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(CHECKOUT / ".gitlab", folder / ".gitlab")
        (folder / ".gitlab-ci.yml").write_text(
            "include: [{local: .gitlab/load-test.yml}]\nstages: [load-test]\n"
        )
        (folder / "quick.py").write_text(SCENARIO)
        (folder / ".gitignore").write_text(
            "results\n*.json\n*.html\nmetrics.txt\n.gitlab-ci-local\n"
        )
        self._git("init", "--quiet", "--initial-branch=main")
        self._git("remote", "add", "origin", "git@gitlab.example:team/orchestrator.git")
        self._git("add", "--all")
        identity = ("-c", "user.name=ci", "-c", "user.email=ci@example.com")
        self._git(*identity, "commit", "--quiet", "--message", "A scenario")

    def run(self, job: str, url: str, **variables: str) -> Job:
        given = {
            "STAGING_URL" if job == "load-test" else "PRODUCTION_URL": url,
            "LOAD_TEST_SCENARIO": "quick.py",
            "LOAD_TEST_OPTIONS": "-p 1",
            **variables,
        }
        options = [f"--variable={name}={value}" for name, value in given.items()]
        assert RUNNER is not None
        finished = subprocess.run(
            [RUNNER, job, "--force-shell-executor", f"--home={self.folder / 'home'}", *options],
            cwd=self.folder,
            env={**os.environ, "PATH": PATH, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return Job(finished.returncode, finished.stdout + finished.stderr, self.folder)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True)


needs_runner = pytest.mark.skipif(
    RUNNER is None or shutil.which("rsync") is None,
    reason="needs gitlab-ci-local (npm) and rsync",
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture(scope="module")
def healthy() -> Iterator[str]:
    with embedded_target(1) as target:
        yield target.url


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    with embedded_target(1, faults=("error:503@runs.list",)) as target:
        yield target.url


def test_the_pipeline_is_valid_by_gitlabs_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    finished = subprocess.run(
        [checker, "--builtin-schema", "vendor.gitlab-ci", *PIPELINES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout


def test_the_jobs_are_those_that_were_asked_for() -> None:
    jobs = yaml.safe_load(PIPELINES[1].read_text())
    staging, production = jobs["load-test"], jobs["load-test-production"]
    assert staging["allow_failure"] is True
    assert production["allow_failure"] is False
    assert staging["artifacts"]["expire_in"] == "30 days"
    assert production["artifacts"]["expire_in"] == "90 days"
    artifacts = jobs[".load-test"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["expose_as"]
    assert artifacts["paths"] == ["load-test.html", "results/"]
    for job, branches in ((staging, {"main", "develop"}), (production, {"main"})):
        (manual,) = (rule for rule in job["rules"] if rule.get("when") == "manual")
        assert {name for name in ("main", "develop") if f'"{name}"' in manual["if"]} == branches


@needs_runner
@pytest.mark.parametrize("job", ["load-test", "load-test-production"])
def test_a_healthy_target_passes(job: str, repository: Repository, healthy: str) -> None:
    ran = repository.run(job, healthy)
    assert ran.exit_code == 0, ran.said
    assert f"PASS  {job}" in ran.said
    assert json.loads((ran.folder / "load-performance.json").read_text())["metrics"]


@needs_runner
def test_a_broken_target_blocks_production_and_not_staging(
    repository: Repository, broken: str
) -> None:
    staging = repository.run("load-test", broken)
    assert staging.exit_code == 0, staging.said
    assert "WARN 1" in staging.said
    production = repository.run("load-test-production", broken)
    assert production.exit_code != 0
    assert "FAIL 1" in production.said


@needs_runner
def test_a_failed_run_leaves_its_results(repository: Repository, broken: str) -> None:
    ran = repository.run("load-test-production", broken)
    assert "exported artifacts" in ran.said
    (summary,) = ran.folder.glob("results/*/summary.json")
    assert json.loads(summary.read_text())["verdict"] == "FAIL"
    assert list(ran.folder.glob("results/*/junit.xml"))
    page = (ran.folder / "load-test.html").read_text()
    assert page == summary.with_name("report.html").read_text()


@needs_runner
def test_a_token_is_in_nothing_that_the_job_leaves(repository: Repository, healthy: str) -> None:
    ran = repository.run("load-test", healthy, AUTH_TOKEN="hush-hush-hush")
    assert ran.exit_code == 0, ran.said
    assert "hush-hush-hush" not in ran.said
    for file in ran.folder.glob("results/**/*"):
        assert file.is_dir() or b"hush-hush-hush" not in file.read_bytes()
