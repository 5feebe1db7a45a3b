"""A `run` command as asked for, after its options have been read and before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from atlas_perf.cli.environments import EnvironmentName
from atlas_perf.loader import OptionDefaults
from atlas_perf.model.plan import Stage, ThresholdPlan


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Names follow the options; None means that the option was not given."""

    scenarios: tuple[str, ...]
    environment: EnvironmentName | None
    env: Mapping[str, str]
    processes: int | None = None  # None: as many as cores are usable, and virtual users can fill
    vus: int | None = None
    duration_ns: int | None = None
    iterations: int | None = None
    rate: int | None = None
    stages: tuple[Stage, ...] = ()
    warm_up_ns: int | None = None
    thresholds: tuple[ThresholdPlan, ...] = ()
    no_thresholds: bool = False
    baselines: Path | None = None  # a file, or the word `shipped`
    no_baselines: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)  # under a scenario's own
    option_defaults: OptionDefaults | None = None  # likewise
    config: Path | None = None  # the file that was named, whose limits hold too
    sources: Mapping[str, str] = field(default_factory=dict)  # what says an option, by its field
    duration_scale: float = 1.0
    vus_scale: float = 1.0
    seed: int | None = None
    trace_share: float | None = None
    outputs: tuple[str, ...] = ()  # kind=target
    out_interval_s: int = 1  # how often outputs send that write no single samples
    results_dir: Path = Path("results")
    faults: tuple[str, ...] = ()  # of the embedded target
    ignore_preflight: bool = False
    allow_production: bool = False
    calibrate: bool = False
    payload_bytes: int | None = None  # of the null server's answers
    live: tuple[str, int] | None = None  # where the live page is served
    quiet: bool = False
