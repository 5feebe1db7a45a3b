"""When each phase of a run was, and for how long: what its counts are divided by.

Phases are a scenario's; those of several scenarios are taken together, and time that two of them
share counts once. A run may be stopped before the plan's end, and iterations may be done before
their maxDuration: both shorten phases, but only the first breaks what the plan orders.
"""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.model.phase import LoadPhase, PhaseSpan
from atlas_perf.model.plan import TestPlan
from atlas_perf.schedule.intervals import Intervals, length, united, without
from atlas_perf.schedule.phases import phase_spans, tells_phases

FOR_EVER_NS = 1 << 62


class PhaseTimes:
    """The phases of one plan. `scenario` narrows a question to one of them; None asks of all."""

    def __init__(self, plan: TestPlan) -> None:
        self.tagged = tells_phases(plan)
        self.uncounted = plan.uncounted_phase
        self._spans = {scenario.name: phase_spans(scenario) for scenario in plan.scenarios}

    def spans(self) -> Iterator[tuple[str, PhaseSpan]]:
        """Every phase of every scenario, by name, in the plan's order."""
        for name, spans in self._spans.items():
            for span in spans:
                yield name, span

    def phases(self, scenario: str | None = None) -> tuple[LoadPhase, ...]:
        """Those that there are."""
        found = {span.phase for span in self._of(scenario)}
        return tuple(phase for phase in LoadPhase if phase in found)

    def planned(self, phase: LoadPhase, scenario: str | None = None) -> Intervals:
        """When a phase is, from the run's start, as the plan has it."""
        return united(
            (span.begin_ns, span.end_ns) for span in self._of(scenario) if span.phase is phase
        )

    def held(self, scenario: str | None = None) -> Intervals:
        """When the plan holds its load, however long iterations take."""
        return united(
            (span.begin_ns, span.end_ns)
            for span in self._of(scenario)
            if span.phase is LoadPhase.STEADY and not span.is_limit
        )

    def length_ns(
        self, phase: LoadPhase, scenario: str | None, *, offered_ns: int, elapsed_ns: int
    ) -> int:
        """How long a phase has been; see `Snapshot` for the two instants."""
        return length(
            united(
                (span.begin_ns, end_of(span, offered_ns=offered_ns, elapsed_ns=elapsed_ns))
                for span in self._of(scenario)
                if span.phase is phase
            )
        )

    def ordered_ns(self, phase: LoadPhase, scenario: str | None = None) -> int | None:
        """How long the plan wants a phase to be; None if iterations decide when it is over."""
        if any(span.is_limit for span in self._of(scenario) if span.phase is phase):
            return None
        return length(self.planned(phase, scenario))

    def measured_ns(self, elapsed_ns: int, scenario: str | None = None) -> int:
        """How long what counts has been measured: all of `elapsed_ns`, unless the warm-up does not
        count. Then without the time in which there was nothing but warm-up."""
        nothing_else = length(
            united((begin, min(end, elapsed_ns)) for begin, end in self._uncounted(scenario))
        )
        return elapsed_ns - nothing_else

    def counted(self, scenario: str | None = None) -> Intervals:
        """When there is, or may be, something that counts."""
        return without(((0, FOR_EVER_NS),), self._uncounted(scenario))

    def at(self, begin_ns: int, end_ns: int) -> tuple[LoadPhase, ...]:
        """The phases of any scenario that share time with [begin, end), as the plan has them."""
        found = {
            span.phase
            for span in self._of(None)
            if span.begin_ns < end_ns and begin_ns < span.end_ns
        }
        return tuple(phase for phase in LoadPhase if phase in found)

    def next_change_ns(self, at_ns: int) -> int | None:
        """When the first of the phases that there are at this instant is over, as far as the plan
        knows; None if iterations decide, or there is none."""
        return min(
            (
                span.end_ns
                for span in self._of(None)
                if span.begin_ns <= at_ns < span.end_ns and not span.is_limit
            ),
            default=None,
        )

    def _uncounted(self, scenario: str | None) -> Intervals:
        if self.uncounted is None:
            return ()
        others = united(
            (span.begin_ns, span.end_ns)
            for span in self._of(scenario)
            if span.phase is not self.uncounted
        )
        return without(self.planned(self.uncounted, scenario), others)

    def _of(self, scenario: str | None) -> Iterator[PhaseSpan]:
        for name, spans in self._spans.items():
            if scenario in (None, name):
                yield from spans


def end_of(span: PhaseSpan, *, offered_ns: int, elapsed_ns: int) -> int:
    """When a phase was over, not before it began; see `Snapshot` for the two instants."""
    ends = [span.end_ns, offered_ns]
    if span.is_limit:
        ends.append(elapsed_ns)
    return max(span.begin_ns, min(ends))
