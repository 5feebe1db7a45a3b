"""`python -m benchmarks.accuracy [--seconds N] [--only NAMES] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.accuracy.shapes import SHAPES
from benchmarks.accuracy.tools import PERCENTILES, TOOLS, Percentiles, Tool, percentiles
from benchmarks.cores import Cores, choose_cores
from benchmarks.peers.subject import Task
from benchmarks.peers.tools import locate, reason_absent

USERS = 8
GRACE_S = 30
FLOOR_MS = 0.1
"""What a loopback round trip and a thread's wake-up add to the server's own reading, at most."""

SKETCH_ERROR = 0.01


@dataclass(frozen=True, slots=True)
class Comparison:
    """One tool against one shape: what it said, and what the server did, in milliseconds."""

    shape: str
    tool: str
    requests: int
    said_ms: Percentiles
    truth_ms: Percentiles

    def within(self, percentile: float) -> bool:
        """True if the sketch's error and the floor explain the difference."""
        truth = self.truth_ms[percentile]
        error = self.said_ms[percentile] - truth
        return -SKETCH_ERROR * truth <= error <= SKETCH_ERROR * truth + FLOOR_MS


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    tools = [tool for tool in TOOLS if not options.only or tool.name in options.only.split(",")]
    cores = choose_cores()
    compared: list[Comparison] = []
    print(_heading())
    for shape in SHAPES:
        for tool in tools:
            executable = locate(tool.name)
            if executable is None:
                print(f"{shape:<11}{tool.name:<11} {reason_absent(tool.name)}")
                continue
            try:
                one = compare(shape, tool, executable, cores, options.seconds)
            except CommandFailed as reason:
                print(f"{shape:<11}{tool.name:<11} {reason}", file=sys.stderr)
                return 1
            compared.append(one)
            print(_row(one))
    if options.json:
        report = {"machine": machine(), "comparisons": [_plain(one) for one in compared]}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def compare(shape: str, tool: Tool, executable: str, cores: Cores, seconds: int) -> Comparison:
    """A server of its own for each run, so that its readings are of this run alone.

    Raises:
        CommandFailed: the tool broke.
    """
    with (
        tempfile.TemporaryDirectory(prefix="atlas-perf-accuracy-") as name,
        _serving(shape, cores.server) as server,
    ):
        port = server.stdout.readline().strip() if server.stdout else ""
        task = Task(executable, f"http://127.0.0.1:{port}", USERS, seconds, Path(name))
        spent = run_command(
            tool.command(task), cpu=cores.load, limit_s=seconds + GRACE_S, folder=task.folder
        )
        said_ms = tool.read(task, spent.stdout)
        truth, _ = server.communicate("\n", timeout=GRACE_S)
    service_ms = [ns / 1e6 for ns in json.loads(truth)]
    return Comparison(shape, tool.name, len(service_ms), said_ms, percentiles(service_ms))


@contextmanager
def _serving(shape: str, cpu: int | None) -> Iterator[subprocess.Popen[str]]:
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    server = subprocess.Popen(
        [*pinned, sys.executable, "-m", "benchmarks.accuracy.server", shape],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        yield server
    finally:
        server.kill()
        server.communicate()


def _heading() -> str:
    columns = "".join(f"{f'p{percentile:g}':>22}" for percentile in PERCENTILES)
    return f"{'shape':<11}{'tool':<11}{'requests':>9}{columns}\n{'':<31}" + "".join(
        f"{'ms   error':>22}" for _ in PERCENTILES
    )


def _row(one: Comparison) -> str:
    cells = []
    for percentile in PERCENTILES:
        said, truth = one.said_ms[percentile], one.truth_ms[percentile]
        mark = " " if one.within(percentile) else "!"
        cells.append(f"{said:>9.3f} {1000 * (said - truth):>+8.0f}µs{mark}".rjust(22))
    return f"{one.shape:<11}{one.tool:<11}{one.requests:>9}{''.join(cells)}"


def _plain(one: Comparison) -> dict[str, object]:
    return {
        "shape": one.shape,
        "tool": one.tool,
        "requests": one.requests,
        "percentiles": [
            {
                "percentile": percentile,
                "said_ms": one.said_ms[percentile],
                "truth_ms": one.truth_ms[percentile],
                "within": one.within(percentile),
            }
            for percentile in PERCENTILES
        ],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description="Percentiles of atlas-perf, k6 and Locust beside what the server measured.",
    )
    parser.add_argument("--seconds", type=int, default=10, metavar="N", help="of each run")
    parser.add_argument("--only", default="", metavar="NAMES", help="tools, with commas between")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
