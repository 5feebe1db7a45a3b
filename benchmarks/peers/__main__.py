"""`python -m benchmarks.peers [--rounds N] [--seconds N] [--only NAMES] [--install]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.cores import choose_cores
from benchmarks.nginx import NginxAbsent, running_nginx
from benchmarks.peers.comparison import plain
from benchmarks.peers.runner import CONNECTIONS, run_rounds
from benchmarks.peers.subject import Subject
from benchmarks.peers.subjects import SUBJECTS
from benchmarks.peers.table import table
from benchmarks.peers.tools import install, locate, reason_absent


def main(arguments: list[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    subjects = _chosen(options.only, parser)
    tools = list(dict.fromkeys(subject.tool for subject in subjects))
    failed = install(tools) if options.install else {}
    found = {tool: path for tool in tools if (path := locate(tool)) is not None}
    absent = {tool: failed.get(tool) or reason_absent(tool) for tool in tools if tool not in found}
    cores = choose_cores()
    if not cores.apart:
        _say("only one core, or no taskset: generators and server disturb each other")
    try:
        with running_nginx(cores.server) as nginx:
            measured = run_rounds(
                [subject for subject in subjects if subject.tool in found],
                found,
                nginx,
                cores,
                rounds=options.rounds,
                seconds=options.seconds,
                say=_say,
            )
    except NginxAbsent as reason:
        parser.exit(1, f"{parser.prog}: {reason}\n")
    print(table(measured, absent))
    if options.json:
        report = {
            "machine": machine(),
            "connections": CONNECTIONS,
            "seconds": options.seconds,
            "subjects": plain(measured),
            "absent": absent,
        }
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 1 if any(rounds.broken for rounds in measured) else 0


def _chosen(only: str | None, parser: argparse.ArgumentParser) -> list[Subject]:
    """Subjects named by themselves, by their tool or by their workload."""
    if only is None:
        return list(SUBJECTS)
    wanted = set(only.split(","))
    names = {subject: {subject.name, subject.tool, subject.workload.value} for subject in SUBJECTS}
    unknown = wanted - set().union(*names.values())
    if unknown:
        known = ", ".join(subject.name for subject in SUBJECTS)
        parser.error(f"there is no {', '.join(sorted(unknown))}, only {known}")
    return [subject for subject in SUBJECTS if names[subject] & wanted]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _seconds(text: str) -> int:
    """Longer than the short run that start-up is measured with."""
    if _positive(text) < 2:
        raise argparse.ArgumentTypeError("a run takes 2 seconds or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="atlas-perf beside other load generators; benchmarks/README.md explains.",
    )
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N")
    parser.add_argument("--seconds", type=_seconds, default=5, metavar="N", help="of each run")
    parser.add_argument(
        "--only", metavar="NAMES", help="subjects, tools or workloads, with commas between"
    )
    parser.add_argument(
        "--install", action="store_true", help="get missing tools from apt, pip and npm"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
