"""`python -m benchmarks.scaling [--processes 1,2,4,8] [--rounds N] [--seconds N] [--json FILE]`.

CPU per request of one scenario file as its users are split over more worker processes. nginx has
one core, the generator all others. Where processes outnumber the cores, this is what splitting
costs; where they do not, it is what the machine gains.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.cores import choose_cores
from benchmarks.nginx import Nginx, NginxAbsent, running_nginx
from benchmarks.peers.subject import Task
from benchmarks.peers.subjects import ours

USERS = 64
SHORT_S = 1
GRACE_S = 60  # for starting, reporting and ending, beside the load itself


@dataclass(frozen=True, slots=True)
class Point:
    """One round with so many workers: a run of the full length, less one of a second."""

    processes: int
    requests_per_s: float
    cpu_us: float
    steady_cpu_us: float
    peak_mb: float


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    cores = choose_cores()
    rounds: list[dict[int, Point]] = []
    try:
        with running_nginx(cores.server) as nginx:
            for number in range(options.rounds):
                one = {
                    count: measure(nginx, _load_cores(cores.server), count, options.seconds)
                    for count in options.processes
                }
                rounds.append(one)
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    except (NginxAbsent, CommandFailed) as reason:
        print(f"scaling: {reason}", file=sys.stderr)
        return 1
    print(table(rounds))
    if options.json:
        points = [[asdict(point) for point in one.values()] for one in rounds]
        report = {"machine": machine(), "users": USERS, "rounds": points}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def measure(nginx: Nginx, cores: str, processes: int, seconds: int) -> Point:
    """A short run and a long one.

    Raises:
        CommandFailed: one of them broke.
    """
    short_requests, short_cpu_s, _, _ = _run(nginx, cores, processes, SHORT_S)
    requests, cpu_s, peak_mb, requests_per_s = _run(nginx, cores, processes, seconds)
    return Point(
        processes=processes,
        requests_per_s=requests_per_s,
        cpu_us=1e6 * cpu_s / requests,
        steady_cpu_us=1e6 * (cpu_s - short_cpu_s) / (requests - short_requests),
        peak_mb=peak_mb,
    )


def table(rounds: list[dict[int, Point]]) -> str:
    """Medians of the rounds; each round's ratio to its run with the fewest workers."""
    fewest = min(rounds[0])
    lines = [
        f"{'processes':>9}{'requests/s':>12}{'CPU µs':>9}{'steady':>9}"
        f"{'of ' + str(fewest):>9}{'memory MB':>11}"
    ]
    for count in sorted(rounds[0]):
        points = [one[count] for one in rounds]
        ratio = statistics.median(
            one[count].steady_cpu_us / one[fewest].steady_cpu_us for one in rounds
        )
        lines.append(
            f"{count:>9}"
            f"{statistics.median(point.requests_per_s for point in points):>12,.0f}"
            f"{statistics.median(point.cpu_us for point in points):>9.1f}"
            f"{statistics.median(point.steady_cpu_us for point in points):>9.1f}"
            f"{'×' + format(ratio, '.2f'):>9}"
            f"{statistics.median(point.peak_mb for point in points):>11.0f}"
        )
    return "\n".join(lines)


def _run(nginx: Nginx, cores: str, processes: int, seconds: int) -> tuple[int, float, float, float]:
    """Requests, CPU seconds, peak memory in MB, requests per second."""
    with tempfile.TemporaryDirectory(prefix="atlas-perf-scaling-") as name:
        task = Task(sys.executable, nginx.url, USERS, seconds, Path(name))
        command = ours.run_of("atlas_get.py", processes=processes)(task)
        spent = run_command(
            ["taskset", "-c", cores, *command] if cores else command,
            cpu=None,
            limit_s=seconds + GRACE_S,
            folder=task.folder,
        )
        reading = ours.read(spent, task)
    if reading.failed:
        raise CommandFailed(f"{reading.failed} of {reading.requests} requests failed")
    return reading.requests, spent.cpu_s, spent.peak_bytes / 1e6, reading.requests_per_s


def _load_cores(server: int | None) -> str:
    """All cores but the server's, as taskset takes them; "" where nothing can be pinned."""
    usable = os.sched_getaffinity(0)
    if server is None or shutil.which("taskset") is None:
        return ""
    return ",".join(str(core) for core in sorted(usable - {server}))


def _counts(text: str) -> list[int]:
    counts = [int(part) for part in text.split(",")]
    if min(counts) < 1:
        raise argparse.ArgumentTypeError("processes are counted from 1")
    return counts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling",
        description="CPU per request as users are split over more worker processes.",
    )
    parser.add_argument("--processes", type=_counts, default=[1, 2, 4, 8], metavar="N,N,…")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=int, default=5, metavar="N", help="of each run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rounds there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
