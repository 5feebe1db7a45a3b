"""What importing the package, or what a scenario file needs of it, may load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import atlas_perf

FORBIDDEN = (
    "aiohttp",
    "asyncio",
    "click",
    "httptools",
    "msgpack",
    "multiprocessing",
    "rich",
    "ssl",
    "uvloop",
)


@pytest.mark.parametrize(
    "statement",
    [
        "import atlas_perf",
        "from atlas_perf import Counter, Gauge, Rate, Trend",
        "from atlas_perf import Options, ScenarioOptions, StageOptions, env",
    ],
)
def test_a_light_import(statement: str) -> None:
    """In a process of its own, since this one has loaded everything."""
    program = f"{statement}; import sys; print(*sys.modules)"
    checkout = Path(atlas_perf.__file__).parents[1]
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(checkout)!r}); {program}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "atlas_perf" in loaded
    assert not {name.partition(".")[0] for name in loaded} & set(FORBIDDEN)


def test_a_bare_import_loads_nothing_else_of_ours() -> None:
    checkout = Path(atlas_perf.__file__).parents[1]
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(checkout)!r}); import atlas_perf; "
            "print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [name for name in loaded if name.startswith("atlas_perf")] == ["atlas_perf"]
