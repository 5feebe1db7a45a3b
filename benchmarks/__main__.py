"""`python -m benchmarks [SUBJECT…] [--json FILE]`: each subject in a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.measurement import Measurement

SUBJECTS = {
    "sketch": "add, merge and encode beside the ddsketch package; the recorder",
    "aggregator": "bytes per batch, batches and samples a second",
    "outputs": "time and bytes of a second, collected and encoded for monitoring systems",
    "http_cost": "CPU per request of a scenario file beside wrk",
}
"""A subject is the module of this package with its name; it has `measure()`."""

MEASURE_HERE = "--measure-here"


def main(arguments: list[str]) -> int:
    """Measure, print a table for each subject, and write all of it as JSON if asked to."""
    if arguments[:1] == [MEASURE_HERE]:
        json.dump([asdict(measured) for measured in measure_here(arguments[1])], sys.stdout)
        return 0
    parser = _parser()
    options = parser.parse_args(arguments)
    for subject in options.subjects:
        if subject not in SUBJECTS:
            parser.error(f"there is no subject {subject!r}, only {', '.join(SUBJECTS)}")
    results = {subject: measure_apart(subject) for subject in options.subjects or SUBJECTS}
    for subject, measurements in results.items():
        print_table(subject, measurements)
    if options.json:
        report = {
            "machine": machine(),
            "subjects": {name: [asdict(one) for one in many] for name, many in results.items()},
        }
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 0


def measure_apart(subject: str) -> list[Measurement]:
    """Measure in a fresh process, so that no subject warms or disturbs another."""
    command = [sys.executable, "-m", "benchmarks", MEASURE_HERE, subject]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Measurement(**plain) for plain in json.loads(finished.stdout)]


def measure_here(subject: str) -> list[Measurement]:
    """Measure in this process."""
    measured: list[Measurement] = import_module(f"benchmarks.{subject}").measure()
    return measured


def print_table(subject: str, measurements: list[Measurement]) -> None:
    print(f"{subject}: {SUBJECTS[subject]}")
    if not measurements:
        print("  not measured\n")
        return
    width = max(len(measured.name) for measured in measurements)
    for measured in measurements:
        figure = f"{measured.value:>14,.{0 if measured.value >= 1000 else 1}f}"
        print(f"  {measured.name:<{width}}{figure} {measured.unit:<6} {measured.note}".rstrip())
    print()


def machine() -> dict[str, str | int]:
    """What the figures were measured on; compare figures of one run only."""
    return {
        "atlas_perf": version("atlas-perf"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cpu_count": os.cpu_count() or 0,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the parts that must be fast.",
        epilog="subjects:\n" + "\n".join(f"  {name:<12}{what}" for name, what in SUBJECTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "subjects",
        nargs="*",
        metavar="SUBJECT",
        help="what to measure (default: everything)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
