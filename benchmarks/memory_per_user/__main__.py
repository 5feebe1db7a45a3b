"""`python -m benchmarks.memory_per_user [--users N] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas_perf.model.summary import Summary
from atlas_perf.report.summary_json import summary_from_json
from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed, run_command
from benchmarks.cores import Cores, choose_cores
from benchmarks.nginx import NginxAbsent, running_nginx

SPREAD_S = 10
SLEEP_S = 3
SETTLED_S = 8  # after the last connection: every user is asleep, or between two requests
GRACE_S = 60
FILES_BESIDE = 200  # descriptors of a worker that are no connection
SCENARIO = Path(__file__).parent / "scenario.py"


@dataclass(frozen=True, slots=True)
class Weight:
    """The peak of a worker's resident memory over that of a worker with one user."""

    users: int
    connected: bool
    draws: bool
    base_bytes: int
    worker_bytes: int

    @property
    def what(self) -> str:
        connections = "a connection each" if self.connected else "no connections"
        return f"{connections}, random numbers drawn" if self.draws else connections

    @property
    def kib_per_user(self) -> float:
        return (self.worker_bytes - self.base_bytes) / self.users / 1024


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    connections = min(options.users, _allow_files(options.users + FILES_BESIDE) - FILES_BESIDE)
    if connections < options.users:
        print(f"open files are limited: {connections:,} users with connections", file=sys.stderr)
    cores = choose_cores()
    try:
        # nginx closes idle connections once fewer than a sixteenth of what it may have is left.
        room = connections * 9 // 8 + FILES_BESIDE
        with running_nginx(cores.server, connections=room) as nginx:
            weights = [
                weigh(options.users, None, cores),
                weigh(options.users, None, cores, draws=True),
                weigh(connections, f"{nginx.url}/", cores),
            ]
    except (NginxAbsent, CommandFailed) as reason:
        print(f"memory_per_user: {reason}", file=sys.stderr)
        return 1
    for weight in weights:
        print(
            f"{weight.users:,} users, {weight.what}: {weight.kib_per_user:.2f} KiB each "
            f"({weight.worker_bytes / 1e6:.1f} MB, one user: {weight.base_bytes / 1e6:.1f} MB)"
        )
    if options.json:
        report = {
            "machine": machine(),
            "weights": [asdict(one) | {"kib_per_user": one.kib_per_user} for one in weights],
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def weigh(users: int, url: str | None, cores: Cores, *, draws: bool = False) -> Weight:
    """Two runs: one user, then all of them.

    Raises:
        CommandFailed: a run broke, or not every user did its part.
    """
    base, full = (_run(count, url, cores, draws=draws) for count in (1, users))
    if url is not None:
        connected = full.metrics["http_req_connecting"].values["count"]
        if connected != users:
            raise CommandFailed(f"{users} users made {connected:.0f} connections")
    return Weight(
        users=users,
        connected=url is not None,
        draws=draws,
        base_bytes=base.workers[0].peak_rss_bytes,
        worker_bytes=full.workers[0].peak_rss_bytes,
    )


def _run(users: int, url: str | None, cores: Cores, *, draws: bool) -> Summary:
    duration_s = SPREAD_S + SETTLED_S
    with tempfile.TemporaryDirectory(prefix="atlas-perf-memory-") as name:
        folder = Path(name)
        run_command(
            [
                *(sys.executable, "-m", "atlas_perf", "run", str(SCENARIO), "--quiet"),
                # Users that only sleep need no descriptor, which the preflight cannot know.
                "--ignore-preflight",
                *("-u", str(users), "-d", f"{duration_s}s", "-p", "1", "--results-dir", name),
                *("-e", f"SPREAD_S={SPREAD_S}", "-e", f"SLEEP_S={SLEEP_S}"),
                *([] if url is None else ["-e", f"MEMORY_URL={url}"]),
                *(["-e", "DRAWS=1"] if draws else []),
            ],
            cpu=cores.load,
            limit_s=duration_s + GRACE_S,
            folder=folder,
            # 3: a generator that stood still makes latencies worthless, and weighs the same;
            # 4: users that only sleep give the default gates little to judge.
            accepted_codes=(0, 3, 4),
        )
        (file,) = folder.rglob("summary.json")
        return summary_from_json(file.read_text())


def _allow_files(wanted: int) -> int:
    """Raise the limit of open files for what is started from here; as far as it goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError):  # beyond the hard limit, and not allowed to raise it
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        return min(wanted, hard)
    return wanted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory_per_user",
        description="Resident memory of a worker for each virtual user that sleeps.",
    )
    parser.add_argument("--users", type=int, default=20_000, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
