"""The phases of a run as stretches that charts shade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from atlas_perf.report.html.report_data import PhaseSpan
from atlas_perf.report.terminal_text import printable


def spans_of(phases: Iterable[tuple[str, PhaseSpan]]) -> tuple[PhaseSpan, ...]:
    """Those of all scenarios, which are named with each; what all of them share is there once."""
    by_scenario: dict[str, list[PhaseSpan]] = {}
    for scenario, span in phases:
        by_scenario.setdefault(scenario, []).append(span)
    loads = list(by_scenario.values())
    if all(load == loads[0] for load in loads):
        return tuple(loads[0]) if loads else ()
    return tuple(
        replace(span, scenario=printable(scenario))
        for scenario, load in by_scenario.items()
        for span in load
    )
