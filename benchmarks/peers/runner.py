"""All subjects interleaved in rounds, so that what else the machine does meets all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.accounting import CommandFailed, Spent, run_command
from benchmarks.cores import Cores
from benchmarks.nginx import Nginx
from benchmarks.peers.comparison import Rounds, Run
from benchmarks.peers.subject import Reading, Subject, Task, UnreadableReport, Workload

CONNECTIONS = 64
SHORT_S = 1
GRACE_S = 30  # for starting, reporting and ending, beside the load itself
FAILED_SHARE_LIMIT = 0.01


class Misbehaved(Exception):
    """A run that ended and cannot be counted."""


def run_rounds(
    subjects: Sequence[Subject],
    executables: Mapping[str, str],
    nginx: Nginx,
    cores: Cores,
    *,
    rounds: int,
    seconds: int,
    say: Callable[[str], None],
) -> list[Rounds]:
    """Each round begins with another subject: nobody always runs first on a cool machine."""
    measured = [Rounds(subject) for subject in subjects]
    for number in range(rounds):
        first = number % len(measured)
        for one in [*measured[first:], *measured[:first]]:
            executable = executables[one.subject.tool]
            try:
                run = _run(one.subject, executable, nginx, cores, seconds)
            except (CommandFailed, UnreadableReport, Misbehaved, KeyError, ValueError) as error:
                one.broken.append(f"round {number + 1}: {error}")
                say(f"round {number + 1}: {one.subject.name}: {error}")
            else:
                one.runs[number] = run
                rate = run.reading.requests_per_s
                say(f"round {number + 1}: {one.subject.name}: {rate:,.0f} requests/s")
    return measured


def _run(subject: Subject, executable: str, nginx: Nginx, cores: Cores, seconds: int) -> Run:
    short_reading, short_spent = _once(subject, executable, nginx, cores, SHORT_S)
    reading, spent = _once(subject, executable, nginx, cores, seconds)
    return Run(reading, spent, short_reading.requests, short_spent.cpu_s)


def _once(
    subject: Subject, executable: str, nginx: Nginx, cores: Cores, seconds: int
) -> tuple[Reading, Spent]:
    with tempfile.TemporaryDirectory(prefix="atlas-perf-peer-") as name:
        task = Task(
            executable=executable,
            url=nginx.tls_url if subject.workload is Workload.TLS else nginx.url,
            connections=CONNECTIONS,
            seconds=seconds,
            folder=Path(name),
        )
        spent = run_command(
            subject.command(task),
            cpu=cores.load,
            limit_s=seconds + GRACE_S,
            folder=task.folder,
            variables=subject.variables(task),
        )
        reading = subject.read(spent, task)
    if reading.requests == 0:
        raise Misbehaved("it made no request")
    if reading.failed > FAILED_SHARE_LIMIT * reading.requests:
        raise Misbehaved(f"{reading.failed} of {reading.requests} requests failed")
    return reading, spent
