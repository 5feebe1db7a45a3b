"""A `run` command as asked for, after its options have been read and before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.model.plan import Stage, ThresholdPlan


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Names follow the options; None means that the option was not given."""

    scenarios: tuple[str, ...]
    environment: EnvironmentName | None
    processes: int | None  # None: as many as cores are usable, and virtual users can fill
    vus: int | None
    duration_ns: int | None
    iterations: int | None
    rate: int | None
    stages: tuple[Stage, ...]
    thresholds: tuple[ThresholdPlan, ...]
    no_thresholds: bool
    tags: Mapping[str, str]
    env: Mapping[str, str]
    duration_scale: float
    vus_scale: float
    seed: int | None
    outputs: tuple[str, ...]  # kind=target
    results_dir: Path
    quiet: bool
