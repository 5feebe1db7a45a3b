"""The limit on open files is raised as far as it may be."""

from __future__ import annotations

import resource
import subprocess
import sys

PROGRAM = """
import resource
from atlas_perf.cli.open_files import raise_limit_of_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 200))
raise_limit_of_open_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_becomes_the_hard_one() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "(200, 200)\n"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 200  # ours is left alone
