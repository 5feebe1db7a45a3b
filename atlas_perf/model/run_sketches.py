"""What a run keeps so that it can be compared with another later: merged sketches and counts.

Both are cut into a few windows of equal length that follow one another; merged they are the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atlas_perf.model.metric import Contains

MOST_WINDOWS = 6


@dataclass(frozen=True, slots=True)
class KeptTrend:
    """What one selector matched, without what was cut off in flight."""

    selector: str  # http_req_duration{name:checkout}, without the phase
    contains: Contains
    censored: int  # cut off in flight: only their ages are known, and they are in no sketch
    windows: tuple[bytes, ...]  # a sketch each (`Sketch.to_bytes`); time in nanoseconds


@dataclass(frozen=True, slots=True)
class KeptQuantiles:
    """What one selector matched, where only some statistics are known: in summaries of k6."""

    selector: str
    contains: Contains
    samples: int | None  # None: not known
    values: Mapping[str, float]  # p(95) and the like; time in milliseconds


@dataclass(frozen=True, slots=True)
class KeptRate:
    """How often something was true, and of how many samples."""

    selector: str
    windows: tuple[tuple[int, int], ...]  # (passes, samples) each


@dataclass(frozen=True, slots=True)
class RunSketches:
    """Sketches and counts of one run."""

    phase: str  # "steady", or "" for all that counts, where the load has no phases to tell apart
    window_s: tuple[int, ...]  # length of each window
    trends: tuple[KeptTrend, ...] = ()
    rates: tuple[KeptRate, ...] = ()
    quantiles: tuple[KeptQuantiles, ...] = ()  # instead of trends: a record of k6, in no file

    @property
    def selectors_of_trends(self) -> tuple[str, ...]:
        """Of everything that has percentiles."""
        return (*(one.selector for one in self.trends), *(one.selector for one in self.quantiles))
