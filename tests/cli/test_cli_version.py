"""`--version` proves that the compiled parts are there."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

import atlas_perf as package
from atlas_perf.cli.version import COMPILED_PARTS, require_compiled
from atlas_perf.errors import AtlasPerfError
from atlas_perf.loop import UVLOOP_VERSION


def test_it_names_the_version_python_uvloop_and_each_compiled_part(atlas_perf) -> None:
    shown = atlas_perf("--version")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"atlas-perf {package.__version__} (Python ")
    for part in (platform.python_version(), UVLOOP_VERSION, "ddsketch", "recorder", "series_table"):
        assert part in shown.stdout
    assert shown.stdout.count("\n") == 1


@pytest.mark.parametrize("missing", COMPILED_PARTS)
def test_a_missing_compiled_part_is_named_and_is_70(
    atlas_perf, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    shown = atlas_perf("--version")
    assert (shown.exit_code, shown.stdout) == (70, "")
    (line,) = shown.stderr.splitlines()
    assert missing in line


def test_every_cython_module_is_asked_for() -> None:
    root = Path(package.__file__).parent
    modules = {
        ".".join(("atlas_perf", *file.relative_to(root).with_suffix("").parts))
        for file in root.rglob("*.pyx")
    }
    assert set(COMPILED_PARTS) == modules


def test_a_part_that_is_not_compiled_does_not_count() -> None:
    with pytest.raises(AtlasPerfError, match="not compiled"):
        require_compiled("atlas_perf.units")
