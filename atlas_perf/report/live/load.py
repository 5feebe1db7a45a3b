"""What the plan of a run that goes on says of its load: phases, and arrivals by the second."""

from __future__ import annotations

from atlas_perf.model.plan import TestPlan
from atlas_perf.model.summary import Window
from atlas_perf.report.html.columns import rounded
from atlas_perf.report.html.report_data import PhaseSpan
from atlas_perf.report.html.spans import spans_of
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.schedule.planned_rate import PlannedRate
from atlas_perf.units import NS_PER_S


class Load:
    """Of one plan."""

    def __init__(self, plan: TestPlan) -> None:
        self._rate = PlannedRate(plan)
        self.spans = _spans(PhaseTimes(plan))

    @property
    def is_open(self) -> bool:
        """Whether any of it has an arrival rate."""
        return self._rate.per_s(0, NS_PER_S) is not None

    def planned_per_s(self, window: Window) -> float | None:
        """Iterations that arrival rates make due in it; None without any."""
        end_s = window.second + window.length_s
        return rounded(self._rate.per_s(window.second * NS_PER_S, end_s * NS_PER_S))


def _spans(times: PhaseTimes) -> tuple[PhaseSpan, ...]:
    """As the plan has them."""
    return spans_of(
        (
            scenario,
            PhaseSpan(
                span.phase.value,
                span.begin_ns / NS_PER_S,
                span.end_ns / NS_PER_S,
                span.phase is not times.uncounted,
            ),
        )
        for scenario, span in times.spans()
    )
