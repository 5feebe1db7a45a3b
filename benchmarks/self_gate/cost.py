"""What a run cost the generator, put into its results as two more distributions.

A run is one observation of it. That is how it is written: as many samples as there were requests,
all of them the mean, so that any quantile is the mean and `compare` takes one number a run.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from atlas_perf.model.metric import Contains
from atlas_perf.model.run_sketches import KeptTrend, RunSketches
from atlas_perf.model.summary import Summary
from atlas_perf.report.results_folder import SKETCHES_FILE
from atlas_perf.report.run_files import read_run
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

OF_A_REQUEST = "generator_cpu_per_request"
"""CPU time of the workers under load."""

OF_THE_COMMAND = "command_cpu_per_request"
"""CPU time of the command and all it started, imports and report too."""


def add_cost(folder: Path, command_cpu_s: float) -> None:
    """Put both into the `sketches.msgpack` of a results folder."""
    run = read_run(folder)
    kept = with_cost(run.sketches, run.summary, command_cpu_s)
    (folder / SKETCHES_FILE).write_bytes(encode_run_sketches(kept))


def with_cost(kept: RunSketches, summary: Summary, command_cpu_s: float) -> RunSketches:
    """What a run kept, and its CPU time per request."""
    requests = int(summary.metrics["http_reqs"].values["count"])
    spent_s = {OF_A_REQUEST: workers_cpu_s(summary), OF_THE_COMMAND: command_cpu_s}
    costs = [
        _means(name, cpu_s / requests * NS_PER_S, requests, windows=len(kept.window_s))
        for name, cpu_s in spent_s.items()
    ]
    others = (one for one in kept.trends if one.selector not in spent_s)
    return replace(kept, trends=(*costs, *others))


def workers_cpu_s(summary: Summary) -> float:
    """CPU seconds of all workers under load."""
    return sum(one.cpu_share for one in summary.workers) * summary.measured_s


def _means(name: str, mean_ns: float, requests: int, *, windows: int) -> KeptTrend:
    """The mean, once for each request, in the first window; the others are empty."""
    sketches = [Sketch() for _ in range(windows)]
    sketches[0].add(mean_ns, requests)
    return KeptTrend(name, Contains.TIME, 0, tuple(one.to_bytes() for one in sketches))
