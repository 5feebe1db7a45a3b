"""The phases of a finished run for its summary, and which of them each window was in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from atlas_perf.model.snapshot import Snapshot
from atlas_perf.model.summary import PhaseSummary, Window
from atlas_perf.schedule.phase_times import PhaseTimes, end_of
from atlas_perf.units import NS_PER_S


def phase_summaries(times: PhaseTimes, snapshot: Snapshot) -> Iterator[PhaseSummary]:
    """Every phase of every scenario, as long as it was."""
    for scenario, span in times.spans():
        end_ns = end_of(span, offered_ns=snapshot.offered_ns, elapsed_ns=snapshot.elapsed_ns)
        planned_ns = span.end_ns - span.begin_ns
        yield PhaseSummary(
            scenario=scenario,
            phase=span.phase.value,
            begin_s=span.begin_ns / NS_PER_S,
            end_s=end_ns / NS_PER_S,
            ordered_s=None if span.is_limit else planned_ns / NS_PER_S,
            counted=span.phase is not times.uncounted,
        )


def with_phases(windows: Iterable[Window], times: PhaseTimes) -> Iterator[Window]:
    """The windows, each with the phases of the plan that share time with it."""
    for window in windows:
        begin_ns = window.second * NS_PER_S
        phases = times.at(begin_ns, begin_ns + window.length_s * NS_PER_S)
        yield replace(window, phases=tuple(phase.value for phase in phases))
