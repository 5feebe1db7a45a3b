"""Which phases a scenario's load goes through, read off its plan.

    users or rate                  the rule, stage by stage:
          ,--------.
        ,'|        |`.             the target is held, and is not 0     steady
      ,'  |        |  `.           all else                             ramp
    -'    |        |    `--        but after the last stage that        ramp-down
     ramp | steady | ramp-down     rises or is steady

A spike is ramp, steady (if it holds), ramp and then steady again; a stair alternates. A pause
without any load between two parts is ramp, and one at the end is ramp-down. A stage without a
duration is a jump and no phase. The users of a shape change by jumps, once a step, also where it is
a ramp: what it holds for a single step is ramp. Executors without stages are steady throughout.

`warmUp` is the beginning of all that, whatever phase would be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from atlas_perf.model.phase import LoadPhase, PhaseSpan
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    Executor,
    PerVUIterations,
    RampingArrivalRate,
    RampingVUs,
    ScenarioPlan,
    SharedIterations,
    Stage,
    TestPlan,
    executor_duration_ns,
)


def phase_spans(scenario: ScenarioPlan) -> tuple[PhaseSpan, ...]:
    """The phases of a scenario: at least one; they follow each other without a gap."""
    begin_ns = scenario.start_time_ns
    spans = tuple(
        replace(span, begin_ns=begin_ns + span.begin_ns, end_ns=begin_ns + span.end_ns)
        for span in _merged(_spans_of(scenario.executor))
    ) or (PhaseSpan(LoadPhase.STEADY, begin_ns, begin_ns),)
    warm_ns = begin_ns + scenario.warm_up_ns
    if warm_ns == begin_ns:
        return spans
    return (
        PhaseSpan(LoadPhase.WARM_UP, begin_ns, warm_ns),
        *(
            replace(span, begin_ns=max(span.begin_ns, warm_ns))
            for span in spans
            if span.end_ns > warm_ns
        ),
    )


def plan_phases(plan: TestPlan) -> frozenset[LoadPhase]:
    """All the phases that the scenarios of a plan have."""
    return frozenset(span.phase for scenario in plan.scenarios for span in phase_spans(scenario))


def tells_phases(plan: TestPlan) -> bool:
    """True if samples carry the phase they are of: where there is only one, no tag says it."""
    return len(plan_phases(plan)) > 1


def _spans_of(executor: Executor) -> Iterator[PhaseSpan]:
    match executor:
        case RampingVUs(start_vus=begin, stages=stages, step_ns=step_ns):
            yield from _of_stages(begin, stages, step_ns)
        case RampingArrivalRate(start_rate=begin, stages=stages):
            yield from _of_stages(begin, stages)
        case ConstantVUs() | ConstantArrivalRate():
            yield PhaseSpan(LoadPhase.STEADY, 0, executor_duration_ns(executor))
        case SharedIterations() | PerVUIterations():
            end_ns = executor_duration_ns(executor)
            yield PhaseSpan(LoadPhase.STEADY, 0, end_ns, is_limit=True)


def _of_stages(begin: int, stages: Sequence[Stage], step_ns: int = 0) -> Iterator[PhaseSpan]:
    spans: list[PhaseSpan] = []
    falling_from = 0  # number of the span from which on nothing but falling is left
    end_ns, before = 0, begin
    alone = sum(stage.duration_ns > 0 for stage in stages) == 1
    for stage in stages:
        begin_ns, end_ns = end_ns, end_ns + stage.duration_ns
        if stage.duration_ns:
            held = stage.target == begin > 0 and (alone or stage.duration_ns > step_ns)
            spans.append(PhaseSpan(LoadPhase.STEADY if held else LoadPhase.RAMP, begin_ns, end_ns))
            if held or stage.target > before:
                falling_from = len(spans)
            before = stage.target
        begin = stage.target
    yield from spans[:falling_from]
    for span in spans[falling_from:]:
        yield replace(span, phase=LoadPhase.RAMP_DOWN)


def _merged(spans: Iterable[PhaseSpan]) -> Iterator[PhaseSpan]:
    """Neighbours of one phase are one span."""
    last: PhaseSpan | None = None
    for span in spans:
        if last is not None and last.phase is span.phase:
            last = replace(last, end_ns=span.end_ns)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
