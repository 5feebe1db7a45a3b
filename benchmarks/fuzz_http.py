"""Fuzz the response parser under the address and undefined-behaviour sanitizers.

    python -m benchmarks.fuzz_http --executions 10000000

Builds csrc/http_*.c and tests/csrc/http_fuzz.c with the C compiler at hand ($CC or cc), starts
from the corpus of the parser's tests, and ends with exit code 0 if every execution was clean.
The same --seed repeats a run. For clang's libFuzzer see the head of http_fuzz.c.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
SHAPES = CHECKOUT / "tests" / "http_parser" / "shapes"
DRIVER = CHECKOUT / "tests" / "csrc" / "http_fuzz.c"
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
COVERAGE = "-fsanitize-coverage=trace-pc"


def build(sources: Path, folder: Path) -> Path:
    """The fuzzer's executable, from the parser in `sources`."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    command = [*compiler, *FLAGS, *SANITIZERS, f"-I{sources}", "-c"]
    objects = []
    for source in [*sorted(sources.glob("http_*.c")), DRIVER]:
        # Only places in the parser count as reached, not those in the driver.
        coverage = [] if source == DRIVER else [COVERAGE]
        objects.append(str(folder / f"{source.stem}.o"))
        subprocess.run([*command, *coverage, str(source), "-o", objects[-1]], check=True)
    executable = folder / "http_fuzz"
    subprocess.run([*compiler, *SANITIZERS, *objects, "-o", str(executable)], check=True)
    return executable


def write_seeds(path: Path) -> None:
    """Every response of the corpus, one a line, in hexadecimal."""
    shapes = [
        entry["bytes"].encode("latin-1")
        for file in sorted(SHAPES.glob("*.toml"))
        for entry in tomllib.loads(file.read_text()).values()
    ]
    path.write_text("".join(f"{data.hex()}\n" for data in shapes))


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, fuzz, and say how many executions a second there were."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--executions", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sources", type=Path, default=CHECKOUT / "csrc")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        executable = build(options.sources, folder)
        seeds = folder / "seeds"
        write_seeds(seeds)
        started = time.monotonic()
        command = [str(executable), str(seeds), str(options.executions), str(options.seed)]
        code = subprocess.run(command, check=False).returncode
        elapsed_s = time.monotonic() - started
    if code == 0:
        print(f"{elapsed_s:.1f} s, {options.executions / elapsed_s:,.0f} executions per second")
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
