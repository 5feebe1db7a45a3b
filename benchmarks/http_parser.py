"""Nanoseconds the response parser takes for typical responses: printed, not judged.

    python -m benchmarks.http_parser

Builds csrc/http_*.c and tests/csrc/http_bench.c with the C compiler at hand ($CC or cc) and the
optimisation that setup.py asks for.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
FLAGS = ["-std=c11", "-O2", "-ffp-contract=off"]


def main() -> int:
    """Build and run."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    sources = [str(source) for source in sorted((CHECKOUT / "csrc").glob("http_*.c"))]
    bench = str(CHECKOUT / "tests" / "csrc" / "http_bench.c")
    include = f"-I{CHECKOUT / 'csrc'}"
    with tempfile.TemporaryDirectory() as folder:
        executable = f"{folder}/http_bench"
        subprocess.run([*compiler, *FLAGS, include, *sources, bench, "-o", executable], check=True)
        return subprocess.run([executable], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
