"""What the rules are read from: the checkout's own files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def checkout() -> Path:
    return CHECKOUT


@pytest.fixture(scope="session")
def own_files() -> list[Path]:
    """Every file that is committed or about to be."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [CHECKOUT / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]
