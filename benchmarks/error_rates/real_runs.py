"""Real runs in rounds: a base, and four candidates that are 0, 5, 10 and 20 % slower.

Each run has a target of its own, as a build that is deployed has a process of its own; the runs of
a round come in random order. What was measured stays in a folder, a round each, and a later study
goes on from there.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas_perf.cli.child_server import child_server
from atlas_perf.errors import ExitCode
from atlas_perf.judge.comparison.likeness import unlikeness
from atlas_perf.report.run_files import RunFiles, read_run
from benchmarks.error_rates.drawn import OPERATION, log_p95
from benchmarks.error_rates.simulating import SHIFTS

FOLDER = Path(__file__).parents[2] / "build" / "error-rates"
SCENARIO = Path(__file__).with_name("load.py")
BASE = "base"
NAMES = {BASE: 0.0, **{f"slower-{shift:.2f}": shift for shift in SHIFTS}}
LATENCIES = f'"{OPERATION}" = {{shape = "lognormal", median_ms = 60, sigma = 0.3}}\n'
"""Long beside the millisecond that serving and measuring take, which is not made longer."""

ATTEMPTS = 3
RUN_LIMIT_S = 120.0


class StudyFailed(Exception):
    """The message says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all rounds of a folder have in common."""

    seconds: int = 6
    per_s: int = 200
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """What a base and its four candidates measured."""

    runs: dict[str, RunFiles]  # by name
    drawn: dict[str, float]  # by name: ln of the p95 that the target's latencies had
    repeated: int  # runs that were INVALID and made again


def collect(minutes: float, settings: Settings, folder: Path = FOLDER) -> None:
    """Add a round, and more until the time is over; the last one is finished.

    Raises:
        StudyFailed: runs cannot be made here, or those of the folder had other settings.
    """
    _refuse_others(folder, settings)
    began_s = time.monotonic()
    while True:
        number, spent_s = _next_number(folder), time.monotonic() - began_s
        print(f"round {number} · {spent_s / 60:.1f} of {minutes:g} min", flush=True)
        _round(folder, number, settings)
        if time.monotonic() - began_s >= minutes * 60:
            return


def rounds(folder: Path = FOLDER) -> Iterator[Round]:
    """All that are whole, in their order.

    Raises:
        StudyFailed: two of their runs are unlike each other, as after an update.
    """
    first: RunFiles | None = None
    for place in _whole(folder):
        runs = {name: read_run(place / name) for name in NAMES}
        for run in runs.values():
            first = first or run
            differs = unlikeness((first.summary, first.sketches), (run.summary, run.sketches))
            if differs is not None:
                raise StudyFailed(
                    f"{first.path} and {run.path} differ in {differs}: {_anew(folder)}"
                )
        yield Round(runs, _drawn(folder, place), int((place / "repeated").read_text()))


def _drawn(folder: Path, place: Path) -> dict[str, float]:
    settings = Settings(**json.loads((folder / "settings.json").read_text()))
    return {
        name: log_p95(
            folder / "latencies.toml",
            seed=int((place / f"{name}.seed").read_text()),
            shift=shift,
            requests=settings.seconds * settings.per_s,
        )
        for name, shift in NAMES.items()
    }


def _whole(folder: Path) -> list[Path]:
    return [place for place in sorted(folder.glob("round-*")) if (place / "repeated").exists()]


def _next_number(folder: Path) -> int:
    """What was interrupted is begun anew: its runs would lie far apart."""
    for place in folder.glob("round-*"):
        if not (place / "repeated").exists():
            shutil.rmtree(place)
    return 1 + max((int(place.name.removeprefix("round-")) for place in _whole(folder)), default=0)


def _refuse_others(folder: Path, settings: Settings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "settings.json"
    if file.exists() and json.loads(file.read_text()) != asdict(settings):
        raise StudyFailed(f"{folder} has rounds of other settings: {_anew(folder)}")
    file.write_text(json.dumps(asdict(settings)))
    (folder / "latencies.toml").write_text(LATENCIES)


def _anew(folder: Path) -> str:
    return f"delete {folder} to begin anew"


def _round(folder: Path, number: int, settings: Settings) -> None:
    place = folder / f"round-{number:04d}"
    order = list(NAMES)
    random.Random(f"{settings.seed}:{number}").shuffle(order)
    repeated = 0
    for name in order:
        seed = f"{settings.seed}{number:04d}{list(NAMES).index(name)}"
        for attempt in range(ATTEMPTS):
            of_target = int(seed) * 10 + attempt
            if measure(folder, place / name, NAMES[name], settings, of_target):
                (place / f"{name}.seed").write_text(str(of_target))
                break
            repeated += 1
            print(f"  {name}: INVALID, once more", flush=True)
        else:
            raise StudyFailed(f"{ATTEMPTS} runs in turn were INVALID: leave the machine alone")
    (place / "repeated").write_text(str(repeated))  # last: this round is whole


def measure(folder: Path, place: Path, shift: float, settings: Settings, seed: int) -> bool:
    """One run of a build of its own; False if it was INVALID.

    Args:
        folder: has the latencies of the target.
        place: becomes the results folder.
        seed: of the target's latencies, which differ between runs of one build, too.

    Raises:
        StudyFailed: it gave no result.
    """
    arguments = [
        *("--latency-scale", str(1 + shift), "--seed", str(seed)),
        *("--latencies", str(folder / "latencies.toml"), "--exit-with-parent"),
    ]
    results = place.with_name(f"{place.name}-results")
    shutil.rmtree(results, ignore_errors=True)
    with child_server("the target", "atlas_perf.target", arguments) as target:
        command = [
            *(sys.executable, "-m", "atlas_perf", "run", str(SCENARIO), "-p", "1", "--quiet"),
            *("-e", f"BASE_URL={target.url}", "--results-dir", str(results)),
        ]
        variables = {"PER_S": str(settings.per_s), "SECONDS": str(settings.seconds)}
        run = subprocess.run(
            command,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_LIMIT_S,
            check=False,
        )
    if run.returncode not in {ExitCode.PASS, ExitCode.INVALID}:
        raise StudyFailed(f"a run ended with {run.returncode}: {(run.stdout + run.stderr)[-2000:]}")
    if run.returncode == ExitCode.PASS:
        (made,) = results.iterdir()
        place.parent.mkdir(parents=True, exist_ok=True)
        made.rename(place)
    shutil.rmtree(results)
    return run.returncode == ExitCode.PASS
