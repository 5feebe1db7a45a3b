"""`python -m benchmarks.accuracy_floor [--rounds N] [--seconds N] [--rate N]`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas_perf.report.summary_json import summary_from_json
from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.cores import Cores, choose_cores
from benchmarks.nginx import Nginx, NginxAbsent, running_nginx

USERS = 5
GRACE_S = 30
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Round:
    """Both in one minute, each alone on the load core; medians of successful requests."""

    probe_p50_us: float
    ours_p50_us: float
    probe_per_s: float
    ours_per_s: float

    @property
    def added_us(self) -> float:
        return self.ours_p50_us - self.probe_p50_us


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    cores = choose_cores()
    rounds: list[Round] = []
    try:
        with running_nginx(cores.server) as nginx:
            for number in range(options.rounds):
                one = measure(nginx, cores, options.seconds, options.rate)
                rounds.append(one)
                print(
                    f"round {number + 1}: probe {one.probe_p50_us:.1f} µs at "
                    f"{one.probe_per_s:.0f}/s, ours {one.ours_p50_us:.1f} µs at "
                    f"{one.ours_per_s:.0f}/s, added {one.added_us:+.1f} µs"
                )
    except (NginxAbsent, CommandFailed) as reason:
        print(f"accuracy_floor: {reason}", file=sys.stderr)
        return 1
    added = [one.added_us for one in rounds]
    print(
        f"p50 added to a raw socket's: median {statistics.median(added):+.1f} µs, "
        f"from {min(added):+.1f} to {max(added):+.1f} (aim: at most 20)"
    )
    if options.json:
        report = {"machine": machine(), "rounds": [asdict(one) for one in rounds]}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def measure(nginx: Nginx, cores: Cores, seconds: int, rate: int) -> Round:
    """The probe, then atlas-perf.

    Raises:
        CommandFailed: one of them broke.
    """
    probe_ns = _probe(nginx, cores, seconds, rate)
    ours_p50_ms, ours_per_s = _ours(nginx, cores, seconds, rate)
    return Round(
        probe_p50_us=statistics.median(probe_ns) / 1000,
        ours_p50_us=ours_p50_ms * 1000,
        probe_per_s=len(probe_ns) / seconds,
        ours_per_s=ours_per_s,
    )


def _probe(nginx: Nginx, cores: Cores, seconds: int, rate: int) -> list[int]:
    arguments = [str(nginx.port), str(seconds), str(1 / rate)]
    spent = run_command(
        [sys.executable, str(FOLDER / "probe.py"), *arguments],
        cpu=cores.load,
        limit_s=seconds + GRACE_S,
        folder=FOLDER,
    )
    found: list[int] = json.loads(spent.stdout)
    return found


def _ours(nginx: Nginx, cores: Cores, seconds: int, rate: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="atlas-perf-accuracy-") as name:
        folder = Path(name)
        run_command(
            [
                *(sys.executable, "-m", "atlas_perf", "run", str(FOLDER / "scenario.py")),
                *("-u", str(USERS), "-d", f"{seconds}s", "-p", "1", "--quiet"),
                *("-e", f"URL={nginx.url}/", "-e", f"PAUSE_S={USERS / rate}"),
                *("--results-dir", name),
            ],
            cpu=cores.load,
            limit_s=seconds + GRACE_S,
            folder=folder,
        )
        (file,) = folder.rglob("summary.json")
        metrics = summary_from_json(file.read_text()).metrics
    return metrics["http_req_duration"].values["med"], metrics["http_reqs"].values["rate"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy_floor",
        description="What atlas-perf adds to a latency, beside a raw blocking socket.",
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=int, default=5, metavar="N", help="of each run")
    parser.add_argument("--rate", type=int, default=500, metavar="N", help="requests per second")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rounds there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
