"""The Dockerfile, linted, and its steps done one by one without an engine: what it copies is enough
to build the wheel, and what its second stage installs is enough to run."""

from __future__ import annotations

import fnmatch
import json
import os
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

CHECKOUT = Path(__file__).parents[2]
DOCKERFILE = CHECKOUT / "Dockerfile"

QUICKLY = {"CFLAGS": "-O0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""What is asked here is what is copied and installed, not how fast it is."""

OF_THE_SYSTEM = ("apt-get", "useradd", "rm", "mkdir", "chown")
"""Commands that change the image's Debian: the machine that rehearses has a compiler already."""


@dataclass
class Stage:
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)  # instruction, value


def stages() -> list[Stage]:
    found: list[Stage] = []
    with DOCKERFILE.open("rb") as file:
        steps = json.loads(DockerfileParser(fileobj=file).json)
    for step in steps:
        ((instruction, value),) = step.items()
        if instruction == "FROM":
            found.append(Stage(value))
        elif found and instruction != "COMMENT":
            found[-1].steps.append((instruction, value))
    return found


class Rehearsal:
    """A folder that stands for the image's root, and an environment for its Python."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workdir = root
        venv.create(root / "environment")
        self.python = root / "environment" / "bin" / "python"

    def do(self, stage: Stage) -> Iterator[str]:
        for instruction, value in stage.steps:
            if instruction == "WORKDIR":
                self.workdir = self._inside(value)
                self.workdir.mkdir(parents=True, exist_ok=True)
            elif instruction == "COPY":
                self._copy(value.split())
            elif instruction == "RUN":
                yield from self._run(value)

    def _inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _copy(self, words: list[str]) -> None:
        *sources, target = words
        for source in sources:
            assert_sent_to_the_engine(source)
            place = self.workdir / target
            if (CHECKOUT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.html")
                shutil.copytree(CHECKOUT / source, place, ignore=ignored)
            else:
                shutil.copy(CHECKOUT / source, place)
        for generated in self.workdir.glob("atlas_perf/**/*.c"):
            generated.unlink()

    def _run(self, value: str) -> Iterator[str]:
        for command in value.split("&&"):
            words = [word for word in shlex.split(command) if not word.startswith("--mount=")]
            if words[0] in OF_THE_SYSTEM:
                continue
            assert words[:3] == ["python", "-m", "pip"], f"nobody can rehearse {command}"
            mapped = " ".join(self._mapped(word) for word in words[3:])
            finished = subprocess.run(
                ["sh", "-c", f"{sys.executable} -m pip --python {self.python} {mapped}"],
                cwd=self.workdir,
                env={**os.environ, **QUICKLY},
                capture_output=True,
                text=True,
                check=False,
            )
            assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
            yield command

    def _mapped(self, word: str) -> str:
        return str(self._inside(word)) if word.startswith("/") else shlex.quote(word)


def assert_sent_to_the_engine(name: str) -> None:
    """`.dockerignore` leaves everything out but what it names."""
    rules = (CHECKOUT / ".dockerignore").read_text().split()
    assert rules[0] == "*"
    assert any(rule[0] == "!" and fnmatch.fnmatch(name, rule[1:]) for rule in rules), name


def test_the_dockerfile_is_free_of_lint() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    finished = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def test_it_is_slim_and_runs_as_an_ordinary_user() -> None:
    build, image = stages()
    assert all(stage.base.split()[0].endswith("-slim") for stage in (build, image))
    user = next(value for instruction, value in image.steps if instruction == "USER")
    assert user not in ("root", "0")
    assert "apt-get" not in " ".join(value for _, value in image.steps)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_its_steps_build_a_wheel_and_install_what_runs(tmp_path: Path) -> None:
    build, image = stages()
    first = Rehearsal(tmp_path / "build")
    assert len(list(first.do(build))) == 1
    second = Rehearsal(tmp_path / "image")
    (first.root / "wheels").rename(second.root / "wheels")  # the mount
    assert len(list(second.do(image))) == 1
    shutil.rmtree(first.root)
    (entry_point,) = (
        json.loads(value) for instruction, value in image.steps if instruction == "ENTRYPOINT"
    )
    program = second.python.with_name(entry_point[0])
    work = second.root / "work"
    work.mkdir(exist_ok=True)
    run = [program, "run", "smoke", "-i", "1", "--quiet", "--no-thresholds"]
    finished = subprocess.run(run, cwd=work, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert list(work.glob("results/*/summary.json"))
