"""Client libraries beside each other, each in a process of its own, in turns."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.accounting import run_command
from benchmarks.cores import Cores
from benchmarks.websocket.clients import LIBRARIES
from benchmarks.websocket.echoing import echo_server

BUSY_SESSIONS = 64
IDLE_SESSIONS = 2000
PAUSE_S = 0.002
LIMIT_S = 60
CHECKOUT = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("probe.py")


def libraries(rounds: int, seconds: int, cores: Cores) -> list[dict[str, Any]]:
    """CPU of a message: 64 sessions that echo as fast as they can."""
    rows = []
    for number, name in _turns(rounds):
        with echo_server(cores.server) as server:
            row = _client(name, server.url(), cores, sessions=BUSY_SESSIONS, seconds=seconds)
        echoed = server.counts["received"] - row["messages"] - BUSY_SESSIONS * 20
        rows.append(
            {
                "subject": name,
                "round": number,
                "cpu_us": row["cpu_us"],
                "messages": row["messages"],
                "uncounted": echoed,
            }
        )
    return rows


def floor(rounds: int, seconds: int, cores: Cores) -> list[dict[str, Any]]:
    """Latency of an echo on an idle session, beside a blocking socket at the same pace."""
    rows = []
    with echo_server(cores.server) as server:
        for number in range(rounds):
            probed = json.loads(
                run_command(
                    [sys.executable, str(PROBE), str(server.port), str(seconds), str(PAUSE_S)],
                    cpu=cores.load,
                    limit_s=seconds + LIMIT_S,
                    folder=CHECKOUT,
                ).stdout
            )
            rows.append({"subject": "raw socket", "round": number, **_latencies(probed, probed)})
            for name in LIBRARIES:
                row = _client(
                    name, server.url(), cores, sessions=1, seconds=seconds, pause_s=PAUSE_S
                )
                rows.append({"subject": name, "round": number, **_latencies(row, probed)})
    return rows


def weights(rounds: int, cores: Cores) -> list[dict[str, Any]]:
    """Resident memory of an open session that does nothing."""
    rows = []
    for number, name in _turns(rounds):
        with echo_server(cores.server) as server:
            row = _client(name, server.url(), cores, sessions=IDLE_SESSIONS)
        rows.append({"subject": name, "round": number, "session_kib": row["session_kib"]})
    return rows


def _latencies(row: dict[str, Any], probed: dict[str, Any]) -> dict[str, Any]:
    return {
        "p50_us": row["p50_us"],
        "above_floor_us": row["p50_us"] - probed["p50_us"],
        "p99_us": row["p99_us"],
    }


def _client(
    name: str, url: str, cores: Cores, *, sessions: int, seconds: int = 0, pause_s: float = 0
) -> dict[str, Any]:
    numbers = (str(sessions), str(seconds), str(pause_s))
    spent = run_command(
        [sys.executable, "-m", "benchmarks.websocket.clients", name, url, *numbers],
        cpu=cores.load,
        limit_s=seconds + LIMIT_S,
        folder=CHECKOUT,
    )
    measured: dict[str, Any] = json.loads(spent.stdout)
    return measured


def _turns(rounds: int) -> list[tuple[int, str]]:
    """Each round begins with another one."""
    names = list(LIBRARIES)
    return [
        (number, names[(number + position) % len(names)])
        for number in range(rounds)
        for position in range(len(names))
    ]
