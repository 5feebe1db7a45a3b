"""What a command line, or a caller, asks for over what the scenario file says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from atlas_perf.errors import UsageError
from atlas_perf.model.plan import Stage, ThresholdPlan


@dataclass(frozen=True, slots=True)
class Overrides:
    """None, or an empty value, leaves the file's own option as it is.

    Raises:
        UsageError: for values that no plan can have, or that contradict each other; the sentence
            names the flag.
    """

    vus: int | None = None
    duration_ns: int | None = None
    iterations: int | None = None
    rate: int | None = None  # iterations a second, for `duration_ns`
    stages: tuple[Stage, ...] | None = None
    stages_from: str = "--stage"  # or --profile: as sentences call it
    warm_up_ns: int | None = None  # of every scenario
    thresholds: tuple[ThresholdPlan, ...] = ()  # added to the file's
    no_thresholds: bool = False  # the file's; the default gates stay
    tags: Mapping[str, str] = field(default_factory=dict)  # added to the file's
    default_tags: Mapping[str, str] = field(default_factory=dict)  # where the file has none
    env: Mapping[str, str] = field(default_factory=dict)
    duration_scale: float = 1.0
    vus_scale: float = 1.0
    seed: int | None = None
    trace_share: float | None = None  # of requests whose traces are recorded
    processes: int = 1
    keep_samples: bool = False

    def __post_init__(self) -> None:
        _refuse_less_than_one("--vus", self.vus)
        _refuse_less_than_one("--iterations", self.iterations)
        _refuse_less_than_one("--rate", self.rate)
        _refuse_less_than_one("--processes", self.processes)
        if self.duration_ns is not None and self.duration_ns <= 0:
            raise UsageError("--duration must be above 0")
        _refuse_bad_scale("--duration-scale", self.duration_scale)
        _refuse_bad_scale("--vus-scale", self.vus_scale)
        if self.stages is not None:
            self._refuse_beside_stages()
        if self.rate is not None:
            self._refuse_beside_rate()
        if self.no_thresholds and self.thresholds:
            raise UsageError("--no-thresholds and --threshold contradict each other: leave one out")

    def _refuse_beside_stages(self) -> None:
        for flag, value in (("--iterations", self.iterations), ("--duration", self.duration_ns)):
            if value is not None:
                raise UsageError(
                    f"{flag} and {self.stages_from} are two kinds of load and cannot be used "
                    "together"
                )

    def _refuse_beside_rate(self) -> None:
        others = (("--iterations", self.iterations), (self.stages_from, self.stages))
        for flag, value in others:
            if value is not None:
                raise UsageError(
                    f"--rate and {flag} are two kinds of load and cannot be used together"
                )
        if self.duration_ns is None:
            raise UsageError("--rate needs to know for how long: add --duration, such as -d 30s")

    @property
    def kinds_of_load(self) -> frozenset[str]:
        """Which options that decide the kind of load are given, by their names in a file."""
        given = {
            "duration": self.duration_ns,
            "iterations": self.iterations,
            "stages": self.stages,
        }
        return frozenset(name for name, value in given.items() if value is not None)


def _refuse_less_than_one(flag: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise UsageError(f"{flag} must be 1 or more, not {value}")


def _refuse_bad_scale(flag: str, scale: float) -> None:
    if not (math.isfinite(scale) and scale > 0):
        raise UsageError(f"{flag} must be a number above 0, not {scale}")
