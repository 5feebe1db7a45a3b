"""What is compared: one command of one tool under one workload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from benchmarks.accounting import Spent

SCRIPTS = Path(__file__).parent / "scripts"


class Workload(StrEnum):
    """Subjects of one workload do the same work, and only they are compared."""

    GET = "get"
    API = "api"
    TLS = "tls"


WHAT: Mapping[Workload, str] = {
    Workload.GET: "a bare GET, again and again",
    Workload.API: "one POST of JSON with tags, three checks and three metrics of its own",
    Workload.TLS: "a bare GET over TLS",
}

REFERENCES: Mapping[Workload, str] = {
    Workload.GET: "wrk",
    Workload.API: "k6-api",
    Workload.TLS: "wrk-tls",
}
"""What the others of a workload are divided by, within each round."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a subject. The tool's files go to `folder`, which is gone afterwards."""

    executable: str
    url: str
    connections: int
    seconds: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tool says about its own run; None where it does not say it."""

    requests: int
    failed: int
    requests_per_s: float
    p50_ms: float | None
    p99_ms: float | None


class UnreadableReport(Exception):
    """A tool said something else than it used to."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A row of the comparison."""

    name: str
    tool: str  # in `tools.TOOLS`
    workload: Workload
    command: Callable[[Task], list[str]]
    read: Callable[[Spent, Task], Reading]
    variables: Callable[[Task], Mapping[str, str]] = field(default=lambda _: {})
