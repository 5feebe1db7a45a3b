"""What an open live page costs: CPU of the coordinator, and how late workers' event loops were.

The same load against the embedded target, with `--live` and two readers of its stream, and without,
in turns. CPU is user and system time of the coordinator's process alone, from the kernel's books.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.process_cpu import cpu_until_end_s

READERS = 2

_SCENARIO = """
options = {"scenarios": {"steady": {
    "executor": "constant-arrival-rate", "rate": 200, "duration": "%ds", "preAllocatedVUs": 40,
}}}
async def default(vu):
    await vu.http.get("/api/runs")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    coordinator_ms_per_s: float
    lag_median_ms: float  # of the longest lag in each second
    lag_max_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of all rounds."""
    parser = argparse.ArgumentParser(prog="benchmarks.live_view", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15)
    asked = parser.parse_args(arguments)
    costs: dict[bool, list[Cost]] = {False: [], True: []}
    for number in range(asked.rounds):
        for live in (False, True) if number % 2 == 0 else (True, False):
            costs[live].append(_run(live=live, seconds=asked.seconds))
    print(f"{'':<14}{'coordinator CPU':>18}{'loop lag, median':>20}{'longest':>12}")
    for live, label in ((False, "without"), (True, "with a page")):
        rows = costs[live]
        print(
            f"{label:<14}"
            f"{median(one.coordinator_ms_per_s for one in rows):>15.1f} ms/s"
            f"{median(one.lag_median_ms for one in rows):>15.2f} ms"
            f"{median(one.lag_max_ms for one in rows):>9.1f} ms"
        )


def _run(*, live: bool, seconds: int) -> Cost:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "steady.py").write_text(_SCENARIO % seconds)
        command = [sys.executable, "-m", "atlas_perf", "run", "steady.py", "-p", "1"]
        command += ["--environment", "embedded", "--quiet", *(["--live"] if live else [])]
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as running:
            if live:
                assert running.stderr is not None
                url = running.stderr.readline().removeprefix("live: ").strip()
                for _ in range(READERS):
                    threading.Thread(target=_read_all, args=(url,), daemon=True).start()
            cpu_s = cpu_until_end_s(running)
        (summary,) = (folder / "results").glob("*/summary.json")
        windows = json.loads(summary.read_text())["windows"]
    lags_ms = [window["loop_lag_max_ms"] for window in windows]
    return Cost(1000 * cpu_s / seconds, median(lags_ms), max(lags_ms))


def _read_all(url: str) -> None:
    with suppress(OSError), urllib.request.urlopen(f"{url}events", timeout=60) as stream:
        for _ in stream:
            pass


if __name__ == "__main__":
    main()
