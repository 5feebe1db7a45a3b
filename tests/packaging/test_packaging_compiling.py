"""How setup.py compiles, seen by a compiler that only takes notes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

TAKES_NOTES = """#!/bin/sh
# One write a line, so that two compilers at once do not mix theirs.
echo "$*" >>{notes}
while [ "$1" != -o ]; do shift; done
: >"$2"
"""


@pytest.fixture
def compiled(tmp_path: Path):
    """Compile everything as if by `setup.py build_ext`, and give the words of each call."""

    def compiled(**variables: str) -> list[list[str]]:
        compiler, notes = tmp_path / "cc", tmp_path / "notes"
        compiler.write_text(TAKES_NOTES.format(notes=notes))
        compiler.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if name != "CFLAGS"}
        finished = subprocess.run(
            [
                *(sys.executable, "setup.py", "--quiet", "build_ext", "--force"),
                *("--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")),
            ],
            cwd=CHECKOUT,
            env={**environment, **variables, "CC": str(compiler)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        calls = [shlex.split(line) for line in notes.read_text().splitlines()]
        return [words for words in calls if "-c" in words]

    return compiled


def last_levels(calls: list[list[str]]) -> set[str]:
    """The level of optimization that counts, the last one, of each call."""
    return {[word for word in words if word.startswith("-O")][-1] for words in calls}


def test_all_is_optimized_and_no_two_compilers_write_one_object(compiled) -> None:
    calls = compiled()
    assert len(calls) > 25
    assert last_levels(calls) == {"-O2"}
    written = Counter(words[words.index("-o") + 1] for words in calls)
    assert set(written.values()) == {1}


def test_a_level_that_somebody_asks_for_is_taken(compiled) -> None:
    assert last_levels(compiled(CFLAGS="-g -O0")) == {"-O0"}
