"""Scenarios by name and by path, from any folder, in a checkout and installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import atlas_perf
from atlas_perf.errors import UsageError
from atlas_perf.loader import find_scenario, shipped_scenarios

PACKAGE = Path(atlas_perf.__file__).parent
BOTH = "from atlas_perf.loader import *; print(shipped_scenarios(), find_scenario('ping'))"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with shipped scenarios inside, as a wheel installs it."""
    folder = tmp_path / "site" / "atlas_perf" / "scenarios"
    folder.mkdir(parents=True)
    for name in ("api.py", "smoke.py", "a2a.py", "_contract.py", "notes.txt"):
        (folder / name).write_text("")
    monkeypatch.setattr(atlas_perf, "__file__", str(folder.parent / "__init__.py"))
    return folder


def test_shipped_scenarios_are_found_by_name(shipped: Path) -> None:
    assert shipped_scenarios() == ("a2a", "api", "smoke")
    assert find_scenario("api") == shipped / "api.py"


def test_an_unknown_name_is_answered_with_the_nearest(shipped: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_scenario("smok")
    assert str(refused.value) == (
        "there is no scenario 'smok': did you mean 'smoke'? "
        "(shipped are a2a, api, smoke, all; a file of your own ends in .py)"
    )


def test_a_name_like_none_is_answered_with_all(shipped: Path) -> None:
    with pytest.raises(UsageError) as refused:
        find_scenario("checkout")
    assert str(refused.value) == (
        "there is no scenario 'checkout' "
        "(shipped are a2a, api, smoke, all; a file of your own ends in .py)"
    )


def test_what_begins_with_an_underscore_is_no_scenario(shipped: Path) -> None:
    with pytest.raises(UsageError, match="there is no scenario '_contract'"):
        find_scenario("_contract")


def test_a_path_is_a_file_of_ones_own(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "api.py").write_text("")
    monkeypatch.chdir(own)
    assert find_scenario("api.py") == Path("api.py")
    assert find_scenario("./api.py") == Path("api.py")
    assert find_scenario(str(own / "api.py")) == own / "api.py"


def test_a_path_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "checkout.py").write_text("")
    with pytest.raises(UsageError) as refused:
        find_scenario(f"{tmp_path}/chekout.py")
    assert str(refused.value) == (
        f"there is no scenario file {tmp_path}/chekout.py: did you mean {tmp_path}/checkout.py?"
    )
    with pytest.raises(UsageError) as refused:
        find_scenario(f"{tmp_path}/nowhere/x.py")
    assert str(refused.value) == f"there is no scenario file {tmp_path}/nowhere/x.py"


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder: name a scenario file in it"):
        find_scenario(f"{tmp_path}/")


def test_without_shipped_scenarios_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Beside an installed package may lie somebody else's folder of that name.
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "api.py").write_text("")
    monkeypatch.setattr(atlas_perf, "__file__", str(tmp_path / "atlas_perf" / "__init__.py"))
    assert shipped_scenarios() == ()
    with pytest.raises(UsageError, match="none is shipped"):
        find_scenario("api")


@pytest.mark.parametrize("installed", [True, False], ids=["wheel", "checkout"])
def test_names_work_from_any_folder(tmp_path: Path, installed: bool) -> None:
    root = tmp_path / "root"
    code = shutil.ignore_patterns("__pycache__", "scenarios", "*.c")
    shutil.copytree(PACKAGE, root / "atlas_perf", ignore=code)
    scenarios = root / "atlas_perf" / "scenarios" if installed else root / "scenarios"
    scenarios.mkdir()
    (scenarios / "ping.py").write_text("")
    if not installed:
        (root / "pyproject.toml").write_text("")
    answer = subprocess.run(
        [sys.executable, "-c", BOTH],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == f"('ping',) {scenarios / 'ping.py'}\n"


def test_a_file_without_its_ending_is_what_was_meant(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "checkout.py").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"'checkout': did you mean 'checkout\.py'\?"):
        find_scenario("checkout")
