"""`python -m benchmarks.pacing [--rates 100,1000] [--seconds N] [--rounds N] [--json FILE]`.

Two tables. Within the generator: actual minus intended start of iterations that do nothing, paced
by the alarm and, beside it, by the event loop's own timers. From the server's side: how late the
requests of a scenario file come, and those of k6 where it is at hand. The load has one core.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.cores import Cores, choose_cores
from benchmarks.peers.tools import locate

SCRIPTS = Path(__file__).with_name("scripts")
TIMERS = {"alarm": "alarm (timerfd)", "loop": "loop.call_later"}
GRACE_S = 90

Figures = dict[str, float]
Rounds = dict[tuple[str, int], list[Figures]]


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    cores = choose_cores()
    starts: Rounds = {}
    served: Rounds = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(options.rounds):
                for rate in options.rates:
                    for timer, name in TIMERS.items():
                        found = starts_by(timer, rate, options.seconds, cores, Path(folder))
                        starts.setdefault((name, rate), []).append(found)
                    for name, command in _subjects().items():
                        found = seen_by_the_server(
                            command, rate, options.seconds, cores, Path(folder)
                        )
                        served.setdefault((name, rate), []).append(found)
                print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    except CommandFailed as reason:
        print(f"pacing: {reason}", file=sys.stderr)
        return 1
    print("actual minus intended start, iterations that do nothing")
    print(table(starts, ("p50_us", "p99_us", "max_us", "clumped", "cpu_us")))
    print("\nlateness of requests, from the server's side")
    print(table(served, ("count", "p50_us", "p99_us", "max_us", "cpu_us")))
    if options.json:
        report = {
            "machine": machine(),
            "starts": {f"{name} {rate}": many for (name, rate), many in starts.items()},
            "served": {f"{name} {rate}": many for (name, rate), many in served.items()},
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def starts_by(timer: str, rate: int, seconds: int, cores: Cores, folder: Path) -> Figures:
    """One run of `benchmarks.pacing.starts` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.pacing.starts", str(rate), str(seconds), timer]
    spent = run_command(
        command,
        cpu=cores.load,
        limit_s=seconds + GRACE_S,
        folder=folder,
        variables={"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    found: Figures = json.loads(spent.stdout)
    if found["early"] or found["count"] != found["planned"]:
        raise CommandFailed(f"{timer} at {rate}/s began {found}")
    return found


def seen_by_the_server(
    command: Sequence[str], rate: int, seconds: int, cores: Cores, folder: Path
) -> Figures:
    """One run of a load generator against a server that dates what comes."""
    with _server(rate, cores) as (server, url):
        spent = run_command(
            command,
            cpu=cores.load,
            limit_s=seconds + GRACE_S,
            folder=folder,
            variables={"URL": url, "RATE": str(rate), "SECONDS": str(seconds)},
            accepted_codes=(0, 3),  # a run that was late is measured all the same
        )
        told, _ = server.communicate()
    found: Figures = json.loads(told)
    return {**found, "cpu_us": spent.cpu_s * 1e6 / max(1, found["count"])}


@contextlib.contextmanager
def _server(rate: int, cores: Cores) -> Iterator[tuple[subprocess.Popen[str], str]]:
    pinned = [] if cores.server is None else ["taskset", "-c", str(cores.server)]
    with subprocess.Popen(
        [*pinned, sys.executable, "-m", "benchmarks.pacing.server", str(rate)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            yield server, f"http://127.0.0.1:{server.stdout.readline().strip()}/"
        finally:
            if server.poll() is None:
                server.kill()


def _subjects() -> Mapping[str, Sequence[str]]:
    atlas = [sys.executable, "-m", "atlas_perf", "run", str(SCRIPTS / "atlas_rate.py")]
    subjects: dict[str, Sequence[str]] = {"atlas-perf": [*atlas, "-p", "1", "--quiet"]}
    k6 = locate("k6")
    if k6 is not None:
        quiet = ("run", "--quiet", "--no-usage-report", "--no-color", "--address", "")
        subjects["k6"] = [k6, *quiet, str(SCRIPTS / "k6_rate.js")]
    return subjects


def table(rounds: Rounds, columns: Sequence[str]) -> str:
    """Medians of the rounds."""
    head = ["", "rate/s", *(column.replace("_us", " µs") for column in columns)]
    lines = [head]
    for (name, rate), many in rounds.items():
        medians = [statistics.median(one[column] for one in many) for column in columns]
        lines.append([name, f"{rate:,}", *(_text(value) for value in medians)])
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _text(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _rates(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pacing", description="How exactly iterations begin."
    )
    parser.add_argument("--rates", type=_rates, default=[100, 1000, 5000, 10_000], metavar="R,…")
    parser.add_argument("--seconds", type=int, default=5, metavar="N", help="of each run")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
