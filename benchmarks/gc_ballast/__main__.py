"""`python -m benchmarks.gc_ballast [--rounds N] [--seconds N] [--objects N] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas_perf.report.summary_json import summary_from_json
from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.accuracy.server import Server
from benchmarks.cores import choose_cores

SCENARIO = Path(__file__).parent / "scenario.py"
LATENCY_S = 0.05
RATE_PER_S = 400
GRACE_S = 60
ALLOWED = 1.10
"""p99.9 with the ballast may be so many times that without it."""


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    objects: int
    thawed: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One run, in milliseconds."""

    load: str
    round: int
    requests: int
    med_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    gc_pause_max_ms: float
    gc_full_collections: int
    worker_bytes: int


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    loads = (
        Load("without", 0),
        Load("with", options.objects),
        Load("with, thawed and collected", options.objects, thawed=True),
    )
    cores = choose_cores()
    if cores.server is not None:
        os.sched_setaffinity(0, {cores.server})  # the server's threads are this process's
    url = f"http://127.0.0.1:{Server(lambda _chance: LATENCY_S).port}/"
    readings: list[Reading] = []
    print(
        f"{'ballast':<28}{'requests':>9}{'med':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
        f"{'GC pause':>10}{'full':>6}{'memory MB':>11}"
    )
    for number in range(options.rounds):
        shift = number % len(loads)
        for load in (*loads[shift:], *loads[:shift]):
            try:
                one = measure(load, number, url, options.seconds, cores.load)
            except CommandFailed as reason:
                print(f"{load.name}: {reason}", file=sys.stderr)
                return 1
            readings.append(one)
            print(_row(one), flush=True)
    for load in loads[1:]:
        print(f"p99.9 {load.name} / without: {told(ratios(readings, load.name, loads[0].name))}")
    if options.json:
        report = {"machine": machine(), "readings": [asdict(one) for one in readings]}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    median = statistics.median(ratios(readings, loads[1].name, loads[0].name))
    return 0 if median <= ALLOWED else 1


def measure(load: Load, number: int, url: str, seconds: int, cpu: int | None) -> Reading:
    """One run of its own.

    Raises:
        CommandFailed: it broke.
    """
    variables = {
        "URL": url,
        "RATE": RATE_PER_S,
        "DURATION": f"{seconds}s",
        "OBJECTS": load.objects,
        "THAWED": int(load.thawed),
    }
    pairs = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
    with tempfile.TemporaryDirectory(prefix="atlas-perf-gc-") as folder:
        command = [sys.executable, "-m", "atlas_perf", "run", str(SCENARIO), "--quiet"]
        command += ["-p", "1", "--results-dir", folder, *pairs]
        accepted = (0, 3) if load.thawed else (0,)  # a generator that collects is late
        run_command(
            command,
            cpu=cpu,
            limit_s=seconds + GRACE_S,
            folder=Path(folder),
            accepted_codes=accepted,
        )
        (file,) = Path(folder).rglob("summary.json")
        summary = summary_from_json(file.read_text())
    took = summary.metrics["http_req_duration"].values
    (worker,) = summary.workers
    return Reading(
        load=load.name,
        round=number,
        requests=round(summary.metrics["http_reqs"].values["count"]),
        med_ms=took["med"],
        p99_ms=took["p(99)"],
        p999_ms=took["p(99.9)"],
        max_ms=took["max"],
        gc_pause_max_ms=worker.gc_pause_max_ms,
        gc_full_collections=worker.gc_full_collections,
        worker_bytes=worker.peak_rss_bytes,
    )


def ratios(readings: Sequence[Reading], load: str, beside: str) -> list[float]:
    """p99.9 of one load over that of another, within each round."""
    by_round = {(one.load, one.round): one.p999_ms for one in readings}
    rounds = sorted({one.round for one in readings})
    return [by_round[load, number] / by_round[beside, number] for number in rounds]


def told(values: Sequence[float]) -> str:
    """`1.00 (0.99–1.02)`: the median, the least and the greatest."""
    return f"{statistics.median(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def _row(one: Reading) -> str:
    return (
        f"{one.load:<28}{one.requests:>9}{one.med_ms:>9.2f}{one.p99_ms:>9.2f}{one.p999_ms:>9.2f}"
        f"{one.max_ms:>9.2f}{one.gc_pause_max_ms:>10.2f}{one.gc_full_collections:>6}"
        f"{one.worker_bytes / 1e6:>11.0f}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gc_ballast",
        description="The same load with and without live Python objects in the scenario: p99.9.",
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of every load")
    parser.add_argument("--seconds", type=int, default=10, metavar="N", help="of each run")
    parser.add_argument("--objects", type=int, default=2_000_000, metavar="N", help="that live")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
