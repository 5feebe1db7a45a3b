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
    workers_s = sum(one.cpu_share for one in summary.workers) * summary.measured_s
    costs = (
        _constant(OF_A_REQUEST, workers_s / requests * NS_PER_S, requests, len(kept.window_s)),
        _constant(
            OF_THE_COMMAND, command_cpu_s / requests * NS_PER_S, requests, len(kept.window_s)
        ),
    )
    return replace(kept, trends=(*costs, *kept.trends))


def _constant(name: str, value_ns: float, times: int, windows: int) -> KeptTrend:
    """One value, in the first window; the others are empty."""
    sketches = [Sketch() for _ in range(windows)]
    sketches[0].add(value_ns, times)
    return KeptTrend(name, Contains.TIME, 0, tuple(one.to_bytes() for one in sketches))
