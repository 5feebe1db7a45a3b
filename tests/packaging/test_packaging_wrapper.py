"""`scripts/load-test.sh`: the command it finds, the words it passes on, what it says else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_perf.cli.load_options import OF_RUN
from atlas_perf.outputs.http_post import variable_name

CHECKOUT = Path(__file__).parents[2]
WRAPPER = CHECKOUT / "scripts" / "load-test.sh"
NEEDED = ("bash", "dirname", "id", "sed", "env")

TELLS = '#!/bin/sh\necho "{name}" "$@"\nexit 3\n'
DOCKER = """#!/bin/sh
case "$1" in
info) exit {running} ;;
image) exit {has_image} ;;
esac
echo docker "$@"
"""


class Machine:
    """A PATH with the shell's own tools and nothing else, and a checkout without a `.venv`."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.wrapper = folder / "checkout" / "scripts" / WRAPPER.name
        self.wrapper.parent.mkdir(parents=True)
        shutil.copy(WRAPPER, self.wrapper)

    def has(self, name: str, script: str) -> None:
        program = self.bin / name
        program.write_text(script)
        program.chmod(0o755)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.wrapper, *arguments],
            env={"PATH": str(self.bin), **variables},
            cwd=self.wrapper.parents[1],
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ((), "run api --environment local"),
        (("smoke",), "run smoke --environment local"),
        (("smoke", "staging"), "run smoke --environment staging"),
        (("a2a", "local", "-p", "8"), "run a2a --environment local -p 8"),
        (("a2a", "-p", "8"), "run a2a --environment local -p 8"),
        (("--quiet",), "run api --environment local --quiet"),
    ],
)
def test_words_become_a_run(given: tuple[str, ...], passed_on: str, machine: Machine) -> None:
    machine.has("atlas-perf", TELLS.format(name="local"))
    finished = machine.run(*given)
    assert finished.stdout == f"local {passed_on}\n"
    assert finished.returncode == 3  # atlas-perf's own


def test_the_nearest_atlas_perf_is_taken(machine: Machine) -> None:
    machine.has("atlas-perf", TELLS.format(name="path"))
    machine.has("other", TELLS.format(name="chosen"))
    in_checkout = machine.wrapper.parents[1] / ".venv" / "bin" / "atlas-perf"
    in_checkout.parent.mkdir(parents=True)
    assert machine.run().stdout.startswith("path ")
    in_checkout.write_text(TELLS.format(name="checkout"))
    in_checkout.chmod(0o755)
    assert machine.run().stdout.startswith("checkout ")
    assert machine.run(ATLAS_PERF=str(machine.bin / "other")).stdout.startswith("chosen ")


def test_docker_gets_the_names_of_variables_and_never_their_values(machine: Machine) -> None:
    machine.has("docker", DOCKER.format(running=0, has_image=0))
    finished = machine.run("smoke", "staging", AUTH_TOKEN="hush", STAGING_URL="https://x.example")
    words = finished.stdout.split()
    assert words[:4] == ["docker", "run", "--rm", "--network"]
    assert words[-5:] == ["atlas-perf", "run", "smoke", "--environment", "staging"]
    assert [words[i + 1] for i, word in enumerate(words) if word == "--env"] == [
        "STAGING_URL",
        "AUTH_TOKEN",
    ]
    assert f"{os.getuid()}:{os.getgid()}" in words
    assert "hush" not in finished.stdout


def test_an_image_that_is_not_there_is_built_first(machine: Machine) -> None:
    machine.has("docker", DOCKER.format(running=0, has_image=1))
    finished = machine.run(ATLAS_PERF_IMAGE="mine")
    assert f"docker build --tag mine {machine.wrapper.parents[1]}\n" in finished.stderr
    assert " mine run api" in finished.stdout


def test_docker_gets_every_variable_that_says_a_load(machine: Machine) -> None:
    paths = {"ATLAS_PERF_BASELINES", "ATLAS_PERF_OUT", "ATLAS_PERF_RESULTS_DIR"}
    options = [option for _, section in OF_RUN for option in section]
    names = {option.variable for option in options if option.variable is not None} - paths
    names |= {variable_name("prometheus-rw", what) for what in ("TOKEN", "HEADERS")}
    machine.has("docker", DOCKER.format(running=0, has_image=0))
    words = machine.run("smoke", **dict.fromkeys(names, "1")).stdout.split()
    assert len(names) > 10
    assert names <= set(words)


@pytest.mark.parametrize("docker_is_stopped", [False, True])
def test_without_either_it_says_how_to_install(docker_is_stopped: bool, machine: Machine) -> None:
    if docker_is_stopped:
        machine.has("docker", DOCKER.format(running=1, has_image=0))
    finished = machine.run()
    assert finished.returncode == 2
    assert (
        "neither atlas-perf nor a running Docker: install it with 'make build'" in finished.stderr
    )


def test_its_help_is_its_own_head(machine: Machine) -> None:
    finished = machine.run("--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith("Run a load scenario")
    assert "set -euo" not in finished.stdout


@pytest.mark.parametrize("script", ["scripts/load-test.sh", ".ci/run"])
def test_shell_scripts_are_free_of_lint(script: str) -> None:
    checker = Path(sys.executable).with_name("shellcheck")
    finished = subprocess.run(
        [checker, CHECKOUT / script], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout
