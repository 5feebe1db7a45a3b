"""`python -m benchmarks.websocket [PART…] [--rounds N] [--seconds S] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import machine
from benchmarks.accounting import CommandFailed
from benchmarks.cores import Cores, choose_cores
from benchmarks.websocket.libraries import floor, libraries, weights
from benchmarks.websocket.runs import both_sides, many_open, peers

Figures = list[dict[str, Any]]

PARTS: dict[str, Callable[[argparse.Namespace, Cores], Figures]] = {
    "libraries": lambda chosen, cores: libraries(chosen.rounds, chosen.seconds, cores),
    "floor": lambda chosen, cores: floor(chosen.rounds, chosen.seconds, cores),
    "weights": lambda chosen, cores: weights(chosen.rounds, cores),
    "peers": lambda chosen, cores: peers(chosen.rounds, chosen.seconds, cores),
    "both-sides": lambda chosen, cores: both_sides(chosen.sessions, cores),
    "open": lambda chosen, cores: many_open(chosen.open, cores),
}


def main(arguments: list[str]) -> int:
    """Measure, print each part as a table of medians, and write all of it as JSON if asked to."""
    chosen = _parser().parse_args(arguments)
    cores = choose_cores()
    found: dict[str, Figures] = {}
    for part in chosen.parts or PARTS:
        try:
            found[part] = PARTS[part](chosen, cores)
        except CommandFailed as reason:
            print(f"websocket {part}: {reason}", file=sys.stderr)
            return 1
        _print(part, found[part])
    if chosen.json:
        report = {"machine": machine(), "parts": found}
        chosen.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    return 0


def _print(part: str, rows: Figures) -> None:
    """One line for each subject: the median of its rounds, and their least and greatest."""
    print(f"\n{part}")
    for subject in dict.fromkeys(row["subject"] for row in rows):
        own = [row for row in rows if row["subject"] == subject]
        cells = []
        for name in own[0]:
            values = [row[name] for row in own]
            if name in {"subject", "round"} or not isinstance(values[0], int | float):
                continue
            text = f"{name} {_number(median(values))}"
            spread = f" ({_number(min(values))}–{_number(max(values))})"
            cells.append(text if len(own) == 1 else text + spread)
        print(f"  {subject:<22} " + " · ".join(cells))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.websocket",
        description="WebSockets: CPU of a message, latency beside a raw socket, memory of a "
        "session, beside picows, aiohttp and k6; and whether both sides count the same.",
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=int, default=4, metavar="S", help="of each run")
    parser.add_argument("--sessions", type=int, default=2000, metavar="N", help="of both-sides")
    parser.add_argument("--open", type=int, default=10_000, metavar="N", help="sessions of open")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
