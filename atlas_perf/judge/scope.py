"""What part of a run a criterion is about: the whole of it, or one phase of the load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from atlas_perf.choices import alternatives
from atlas_perf.model.metric import AcrossWorkers, Metric
from atlas_perf.model.phase import PHASE_TAG, LoadPhase
from atlas_perf.model.series import Selector, tags_of
from atlas_perf.model.snapshot import Snapshot
from atlas_perf.model.summary import CriterionState, ThresholdResult
from atlas_perf.schedule.intervals import Intervals
from atlas_perf.schedule.phase_times import PhaseTimes
from atlas_perf.units import NS_PER_S, format_duration, format_planned


@dataclass(frozen=True)
class Scope:
    """The samples of a criterion, and the time that they are from.

    Attributes:
        selector: of the samples; names the phase if there are several.
        phase: None for the whole run.
        scenario: the one that the selector names.
    """

    selector: Selector
    phase: LoadPhase | None
    scenario: str | None
    times: PhaseTimes

    @classmethod
    def of(
        cls, selector: Selector, over: LoadPhase | None, metric: Metric, times: PhaseTimes
    ) -> Scope:
        """The scope that is written: `over steady`, or the tag `phase:steady`.

        Raises:
            ValueError: with a clause, if there is no such phase, or it says nothing of the metric.
        """
        tags = dict(selector.tags)
        scenario = tags.get("scenario")
        if over is None:
            return cls(selector, _phase_named(selector, times, scenario), scenario, times)
        if times.tagged and PHASE_TAG in tags:
            raise ValueError(f"the phase is named twice: leave out 'over {over}' or the tag")
        phases = times.phases(scenario)
        if phases and over not in phases:
            raise ValueError(_no_phase(over, phases, scenario))
        if times.tagged and metric.across_workers is AcrossWorkers.LAST:
            tags[PHASE_TAG] = over.value
        narrowed = replace(selector, tags=tags_of(tags))
        return cls(narrowed, over, scenario, times)

    def measured_ns(self, snapshot: Snapshot) -> int:
        """How long what the criterion is about has been measured: what rates are divided by."""
        if self.phase is None:
            return self.times.measured_ns(snapshot.elapsed_ns, self.scenario)
        return self.times.length_ns(
            self.phase,
            self.scenario,
            offered_ns=snapshot.offered_ns,
            elapsed_ns=snapshot.elapsed_ns,
        )

    def stretches_within(self, snapshot: Snapshot) -> Intervals:
        """The time that a stretch must lie in as a whole."""
        if self.phase is None:
            return self.times.counted(self.scenario)
        return tuple(
            (begin, min(end, snapshot.offered_ns))
            for begin, end in self.times.planned(self.phase, self.scenario)
        )

    def load_held(self, snapshot: Snapshot) -> Intervals:
        """When the plan holds a load above nothing, until that was stopped."""
        return tuple(
            (begin, min(end, snapshot.offered_ns)) for begin, end in self.times.held(self.scenario)
        )

    def of_seconds(self, *, counter: bool) -> Selector:
        """What is asked of a stretch of seconds: of a counter everything that happened in them,
        since an iteration that spans their begin does not make up for it at their end."""
        return self.whole_run() if counter else self.selector

    def whole_run(self) -> Selector:
        """The selector without the phase."""
        if self.phase is None:
            return self.selector
        tags = tuple(pair for pair in self.selector.tags if pair[0] != PHASE_TAG)
        return replace(self.selector, tags=tags)

    @property
    def ordered_ns(self) -> int | None:
        """How long the plan wants the phase to be; None for the whole run, and where iterations
        decide."""
        if self.phase is None:
            return None
        return self.times.ordered_ns(self.phase, self.scenario)

    def of_result(self, snapshot: Snapshot) -> dict[str, str | float | None]:
        """The fields of a `ThresholdResult` that tell the scope."""
        if self.phase is None:
            return {}
        ordered_ns = self.ordered_ns
        return {
            "over": self.phase.value,
            "over_s": self.measured_ns(snapshot) / NS_PER_S,
            "ordered_s": None if ordered_ns is None else ordered_ns / NS_PER_S,
        }

    def shortness(self, snapshot: Snapshot) -> str:
        """A clause if the phase was shorter than the plan orders; else nothing."""
        ordered_ns, measured_ns = self.ordered_ns, self.measured_ns(snapshot)
        if self.phase is None or ordered_ns is None or measured_ns >= ordered_ns:
            return ""
        return (
            f" over {format_duration(measured_ns)} of {self.phase} "
            f"({format_planned(ordered_ns)} ordered)"
        )


def shortened_phases(results: Sequence[ThresholdResult]) -> Iterator[str]:
    """A sentence for each phase that criteria were asked of and that was shorter than ordered."""
    short = {
        (result.over, result.over_s, result.ordered_s)
        for result in results
        if result.over_s is not None
        and result.ordered_s is not None
        and result.over_s < result.ordered_s
        and result.state is not CriterionState.FAILED
    }
    for over, over_s, ordered_s in sorted(short):
        yield (
            f"The load was ended when {over} had lasted {format_duration(over_s * NS_PER_S)} of "
            f"the {format_planned(round(ordered_s * NS_PER_S))} that the plan orders: a criterion "
            f"over {over} that holds for a part of it is not met."
        )


def _phase_named(selector: Selector, times: PhaseTimes, scenario: str | None) -> LoadPhase | None:
    """The phase whose tag a selector has; a scenario's own tag of that name is none."""
    named = dict(selector.tags).get(PHASE_TAG)
    return next(
        (phase for phase in times.phases(scenario) if times.tagged and phase == named), None
    )


def _no_phase(wanted: LoadPhase, there_are: Sequence[LoadPhase], scenario: str | None) -> str:
    whose = "the plan" if scenario is None else f"scenario {scenario!r}"
    has = (
        " and ".join((", ".join(there_are[:-1]), there_are[-1])) if there_are[1:] else there_are[0]
    )
    how = {
        LoadPhase.WARM_UP: "give it a warmUp",
        LoadPhase.STEADY: "hold a target for a stage of its own",
        LoadPhase.RAMP: "give it a stage that rises",
        LoadPhase.RAMP_DOWN: "end it with a stage that falls",
    }[wanted]
    return f"{whose} has no {wanted}, only {has}: ask over {alternatives(there_are)}, or {how}"
