"""Runs of two builds in turns, against a null server, each in a results folder of its own."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from atlas_perf.cli.child_server import child_server
from atlas_perf.errors import ExitCode
from benchmarks.cores import choose_cores
from benchmarks.self_gate.cost import add_cost
from benchmarks.self_gate.revisions import GateFailed

SCENARIO = Path(__file__).with_name("load.py")
BASE, CANDIDATE = "base", "candidate"
ATTEMPTS = 3
RUN_LIMIT_S = 120.0
WARM_UP = ("--duration-scale", "0.2")
SERVER = ("--payload-bytes", "500")


def run_pairs(
    pythons: Mapping[str, Path], pairs: int, folder: Path
) -> tuple[list[Path], list[Path]]:
    """Results folders of base and candidate, in the order of the pairs. A coin decides within each.

    Raises:
        GateFailed: runs cannot be made, or are INVALID again and again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for side in (BASE, CANDIDATE):
        measure(pythons[side], folder / f"warm-up-{side}", *WARM_UP)
    places: dict[str, list[Path]] = {BASE: [], CANDIDATE: []}
    for pair in range(1, pairs + 1):
        order = [BASE, CANDIDATE]
        random.SystemRandom().shuffle(order)
        for side in order:
            place = folder / f"{side}-{pair}"
            print(f"pair {pair} of {pairs}: {side}", flush=True)
            _measure_valid(pythons[side], place)
            places[side].append(place)
    return places[BASE], places[CANDIDATE]


def _measure_valid(python: Path, place: Path) -> None:
    for _ in range(ATTEMPTS):
        if measure(python, place):
            return
        print("  it was INVALID, once more", flush=True)
    raise GateFailed(f"{ATTEMPTS} runs in turn were INVALID: leave the machine alone")


def measure(python: Path, place: Path, *options: str) -> bool:
    """One run, with its CPU time among its distributions; False if it was INVALID.

    Raises:
        GateFailed: it gave no result.
    """
    cores = choose_cores()
    made = place.with_name(f"{place.name}-results")
    shutil.rmtree(made, ignore_errors=True)
    # The same server for both builds: that of the checkout.
    null_server = child_server("the null server", "atlas_perf.null_server", SERVER)
    with _on(cores.server), null_server as server:
        command = [
            *(str(python), "-m", "atlas_perf", "run", str(SCENARIO), "-p", "1", "--quiet"),
            *("-e", f"BASE_URL={server.url}", "--results-dir", str(made), *options),
        ]
        with _on(cores.load):
            cpu_s, run = _timed(command)
    if run.returncode not in {ExitCode.PASS, ExitCode.INVALID}:
        raise GateFailed(f"a run ended with {run.returncode}: {(run.stdout + run.stderr)[-2000:]}")
    if run.returncode == ExitCode.PASS:
        (results,) = made.iterdir()
        shutil.rmtree(place, ignore_errors=True)
        results.rename(place)
        add_cost(place, cpu_s)
    shutil.rmtree(made)
    return run.returncode == ExitCode.PASS


def _timed(command: list[str]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """CPU seconds of a command and all it started, and how it ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    finished = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_LIMIT_S,
        check=False,
        cwd=SCENARIO.parent,  # not the checkout, whose package would be imported
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, finished


@contextmanager
def _on(core: int | None) -> Iterator[None]:
    """What is started within runs on this core."""
    usable = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)
