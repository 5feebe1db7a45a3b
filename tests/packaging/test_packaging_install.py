"""Source archive and wheel, built from a bare checkout and used in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

CHECKOUT = Path(__file__).parents[2]
COMPILED = ("sketch/ddsketch", "worker/recorder", "aggregate/series_table")
QUICKLY = {"CFLAGS": "-O0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""What is asked here is what a wheel holds, not how fast it is: test_packaging_compiling.py."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def run(*command: str | Path, cwd: Path) -> str:
    finished = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **QUICKLY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    return finished.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`python -m build` in a copy of what is committed: sdist, then a wheel from that sdist. What
    pyproject.toml requires for it is asked by the rehearsal of the Dockerfile, in isolation."""
    clone = tmp_path_factory.mktemp("clone")
    names = run(
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        cwd=CHECKOUT,
    )
    for name in filter(None, names.split("\0")):
        if (CHECKOUT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            (clone / name).write_bytes((CHECKOUT / name).read_bytes())
    run(sys.executable, "-m", "build", "--no-isolation", cwd=clone)
    return clone / "dist"


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what it needs."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home)
    (wheel,) = dist.glob("*.whl")
    pip = (sys.executable, "-m", "pip", "--python", home / "bin/python")
    run(*pip, "install", "--quiet", wheel, cwd=home)
    return home / "bin"


@pytest.fixture(scope="module")
def wheel_names(dist: Path) -> set[str]:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist_names(dist: Path) -> set[str]:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = [PurePosixPath(member.name) for member in archive if member.isfile()]
    return {str(PurePosixPath(*member.parts[1:])) for member in members}


def suffixes(names: set[str]) -> set[str]:
    return {PurePosixPath(name).suffix for name in names}


def test_the_wheel_ships_scenarios_types_and_compiled_parts(wheel_names: set[str]) -> None:
    for file in (CHECKOUT / "scenarios").rglob("*.py"):
        assert f"atlas_perf/scenarios/{file.relative_to(CHECKOUT / 'scenarios')}" in wheel_names
    assert "atlas_perf/scenarios/baselines.toml" in wheel_names
    assert "atlas_perf/py.typed" in wheel_names
    pages = CHECKOUT / "atlas_perf" / "report" / "html"
    for folder in ("static", "templates"):
        for file in (pages / folder).iterdir():
            assert f"atlas_perf/report/html/{folder}/{file.name}" in wheel_names
    for part in COMPILED:
        assert f"atlas_perf/{part}.pyi" in wheel_names
        assert [name for name in wheel_names if name.startswith(f"atlas_perf/{part}.cpython-")]


def test_the_wheel_holds_every_module_and_no_source_to_compile(wheel_names: set[str]) -> None:
    modules = {str(file.relative_to(CHECKOUT)) for file in (CHECKOUT / "atlas_perf").rglob("*.py")}
    assert modules <= wheel_names
    assert suffixes(wheel_names).isdisjoint({".pyx", ".pxd", ".c", ".h"})
    assert {name.split("/")[0].split("-")[0] for name in wheel_names} == {"atlas_perf"}


def test_compiled_parts_carry_no_debug_information(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".so")]
        assert len(compiled) > 20
        assert [name for name in compiled if b".debug_info" in archive.read(name)] == []


def test_the_sdist_holds_what_is_compiled_but_nothing_generated(sdist_names: set[str]) -> None:
    for part in COMPILED:
        assert f"atlas_perf/{part}.pyx" in sdist_names
        assert f"atlas_perf/{part}.c" not in sdist_names
    sources = {f"csrc/{file.name}" for file in (CHECKOUT / "csrc").glob("*.[ch]")}
    assert sources
    assert sources <= sdist_names
    assert {"scenarios/api.py", "Makefile", "noxfile.py", "tests/cli/conftest.py"} <= sdist_names
    assert {".ci/run", ".gitlab-ci.yml", ".gitlab/load-test.yml"} <= sdist_names
    assert ".so" not in suffixes(sdist_names)


def test_both_hold_the_library_of_the_charts_and_its_licence(
    wheel_names: set[str], sdist_names: set[str]
) -> None:
    charts = {
        f"atlas_perf/report/html/charts/{name}"
        for name in ("uPlot.iife.min.js", "uPlot.min.css", "LICENSE")
    }
    assert charts <= wheel_names
    assert charts <= sdist_names  # so that a wheel made from it needs no npm


def test_the_installed_command_proves_its_compiled_parts(installed: Path, tmp_path: Path) -> None:
    line = run(installed / "atlas-perf", "--version", cwd=tmp_path)
    assert line.startswith("atlas-perf ")
    assert all(part.rpartition("/")[2] in line for part in COMPILED)


def test_shipped_scenarios_are_found_from_another_folder(installed: Path, tmp_path: Path) -> None:
    finished = run(
        installed / "atlas-perf", "run", "smoke", "--iterations", "1", "--quiet", cwd=tmp_path
    )
    assert "PASS" in finished
    (summary,) = tmp_path.glob("results/*/summary.json")
    assert str(installed.parent) in summary.read_text()  # not the checkout's own scenario
    assert "uPlot" in summary.with_name("report.html").read_text()
