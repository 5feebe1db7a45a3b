"""Whole runs: beside k6, both sides' counts, and as many sessions as ten thousand."""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from atlas_perf.model.summary import Summary
from atlas_perf.report.summary_json import summary_from_json
from benchmarks.accounting import CommandFailed, Spent, run_command
from benchmarks.cores import Cores
from benchmarks.peers.tools import locate, reason_absent
from benchmarks.websocket.echoing import Echoing, echo_server

SCRIPTS = Path(__file__).with_name("scripts")
BUSY_SESSIONS = 64
IDLE_SESSIONS = (100, 1100)  # what a session weighs is the difference
IDLE_S = 6
OPENED_PER_S = 250  # by a plan that a busy machine can follow
HOLD_S = 12
LIMIT_S = 200


def peers(rounds: int, seconds: int, cores: Cores) -> list[dict[str, Any]]:
    """CPU of an echoed message and memory of an idle session, beside k6; start-up taken off.

    Raises:
        CommandFailed: a run broke, or k6 is not there.
    """
    k6 = locate("k6")
    if k6 is None:
        raise CommandFailed(f"k6 is {reason_absent('k6')} (python -m benchmarks.peers --install)")
    rows = []
    for number in range(rounds):
        for subject, echo, idle in (
            ("atlas-perf", _atlas_echo, _atlas_idle),
            ("k6", lambda s, c: _k6(k6, s, c), lambda n, c: _k6_idle(k6, n, c)),
        ):
            (short, few), (long, many) = (echo(each, cores) for each in (1, 1 + seconds))
            light, heavy = (idle(sessions, cores) for sessions in IDLE_SESSIONS)
            between = IDLE_SESSIONS[1] - IDLE_SESSIONS[0]
            rows.append(
                {
                    "subject": subject,
                    "round": number,
                    "cpu_us": (long.cpu_s - short.cpu_s) / (many - few) * 1e6,
                    "cpu_us_with_start": long.cpu_s / many * 1e6,
                    "messages": many,
                    "session_kib": (heavy.peak_bytes - light.peak_bytes) / between / 1024,
                }
            )
    return rows


def both_sides(sessions: int, cores: Cores) -> list[dict[str, Any]]:
    """A run whose sessions and messages its server counts as well.

    Raises:
        CommandFailed: a run broke, or the two sides differ.
    """
    summary, server = _held(sessions, cores, pause_s=1)
    ours = {name: round(_count(summary, name)) for name in ("ws_sessions", "ws_msgs_sent")}
    received = round(_count(summary, "ws_msgs_received"))
    counted = server.counts
    theirs = (counted["sessions"], counted["received"], counted["sent"])
    if (ours["ws_sessions"], ours["ws_msgs_sent"], received) != theirs:
        raise CommandFailed(f"we count {ours} and {received} received, the server {theirs}")
    return [
        {
            "subject": "counted by both",
            "sessions": counted["sessions"],
            "messages_to_server": counted["received"],
            "messages_from_server": counted["sent"],
            "lost": _count(summary, "ws_msgs_lost"),
            "rtt_p50_ms": summary.metrics["ws_rtt"].values["med"],
        }
    ]


def many_open(sessions: int, cores: Cores) -> list[dict[str, Any]]:
    """As many sessions at once, and what each weighs in the worker that has them.

    Raises:
        CommandFailed: a run broke, or fewer were open.
    """
    base, _ = _held(1, cores, pause_s=5)
    summary, server = _held(sessions, cores, pause_s=5)
    most = server.counts["most_open"]
    gauge = summary.metrics["ws_sessions_open"].values["max"]
    if most != sessions or gauge != sessions:
        raise CommandFailed(f"{sessions} were wanted, {most} were open, {gauge:.0f} were counted")
    worker_bytes, one_bytes = (each.workers[0].peak_rss_bytes for each in (summary, base))
    return [
        {
            "subject": "open at once",
            "sessions": most,
            "worker_mb": worker_bytes / 1e6,
            "session_kib": (worker_bytes - one_bytes) / (sessions - 1) / 1024,
            "connect_p50_ms": summary.metrics["ws_connecting"].values["med"],
            "messages": _count(summary, "ws_msgs_received"),
        }
    ]


def _held(sessions: int, cores: Cores, *, pause_s: float) -> tuple[Summary, Echoing]:
    _allow_files()
    spread_s = max(2, round(sessions / OPENED_PER_S))
    duration_s = spread_s + HOLD_S
    with (
        tempfile.TemporaryDirectory(prefix="atlas-perf-ws-") as name,
        echo_server(cores.server) as server,
    ):
        folder = Path(name)
        _atlas(
            SCRIPTS / "atlas_idle.py",
            *("-u", str(sessions), "-d", f"{duration_s}s", "--results-dir", name),
            *("-e", f"PORT={server.port}", "-e", f"SPREAD_S={spread_s}"),
            *("-e", f"PAUSE_S={pause_s}"),
            cores=cores,
            folder=folder,
        )
        (file,) = folder.rglob("summary.json")
        summary = summary_from_json(file.read_text())
    return summary, server


def _atlas(script: Path, *options: str, cores: Cores, folder: Path) -> Spent:
    return run_command(
        [
            *(sys.executable, "-m", "atlas_perf", "run", str(script), "--quiet", "-p", "1"),
            *("--ignore-preflight", *options),
        ],
        cpu=cores.load,
        limit_s=LIMIT_S,
        folder=folder,
        # 3: a generator that stood still makes latencies worthless, and counts and weighs the
        # same; 4: there is no criterion.
        accepted_codes=(0, 3, 4),
    )


def _atlas_echo(seconds: int, cores: Cores) -> tuple[Spent, int]:
    with (
        tempfile.TemporaryDirectory(prefix="atlas-perf-ws-") as name,
        echo_server(cores.server) as server,
    ):
        spent = _atlas(
            SCRIPTS / "atlas_echo.py",
            *("-u", str(BUSY_SESSIONS), "-d", f"{seconds}s", "--results-dir", name),
            *("-e", f"URL={server.url()}"),
            cores=cores,
            folder=Path(name),
        )
    return spent, server.counts["received"]


def _atlas_idle(sessions: int, cores: Cores) -> Spent:
    with (
        tempfile.TemporaryDirectory(prefix="atlas-perf-ws-") as name,
        echo_server(cores.server) as server,
    ):
        return _atlas(
            SCRIPTS / "atlas_idle.py",
            *("-u", str(sessions), "-d", f"{IDLE_S}s", "--results-dir", name),
            *("-e", f"PORT={server.port}", "-e", "SPREAD_S=2", "-e", "PAUSE_S=3"),
            cores=cores,
            folder=Path(name),
        )


def _k6(executable: str, seconds: int, cores: Cores, **variables: str) -> tuple[Spent, int]:
    variables = {"SESSIONS": str(BUSY_SESSIONS), "SECONDS": str(seconds), **variables}
    with (
        tempfile.TemporaryDirectory(prefix="atlas-perf-ws-") as name,
        echo_server(cores.server) as server,
    ):
        spent = run_command(
            [
                *(executable, "run", "--quiet", "--no-usage-report", "--no-color"),
                *("--address", "", "-e", f"URL={server.url()}"),
                *(word for pair in variables.items() for word in ("-e", "=".join(pair))),
                str(SCRIPTS / "k6_echo.js"),
            ],
            cpu=cores.load,
            limit_s=seconds + LIMIT_S,
            folder=Path(name),
        )
    return spent, server.counts.get("received", 0)


def _k6_idle(executable: str, sessions: int, cores: Cores) -> Spent:
    spent, _ = _k6(executable, IDLE_S, cores, SESSIONS=str(sessions), IDLE="1")
    return spent


def _count(summary: Summary, name: str) -> float:
    return summary.metrics[name].values["count"]


def _allow_files() -> None:
    """As many open files as may be, for what is started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
