"""What a search for a capacity came to, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from atlas_perf.judge.capacity_search import SearchPlan, bounds, unoffered
from atlas_perf.model.capacity import (
    Bounds,
    CapacityStep,
    CapacityWord,
    LoadModel,
    StepOutcome,
    Trial,
)

Level = Callable[[int], str]


def sentences(
    word: CapacityWord, plan: SearchPlan, steps: Sequence[CapacityStep], model: LoadModel
) -> tuple[str, ...]:
    """The answer first, then what weakens it."""
    trials = [Trial(step.level, step.outcome) for step in steps]
    found = bounds(trials)

    def level(number: int) -> str:
        return f"{number:,}/s" if model is LoadModel.RATE else f"{number:,} VUs"

    answer = "".join(_answer(word, found, steps, level))
    if word is CapacityWord.HELD:
        answer += f" Ask for more with --{model.value}-to."
    if word is CapacityWord.BROKEN_AT_ONCE:
        answer += f" Ask for less with --{model.value}-from."
    return (answer, *_disagreement(trials, level), *_tried_too_little(word, plan, trials, level))


def _answer(
    word: CapacityWord, found: Bounds, steps: Sequence[CapacityStep], level: Level
) -> Iterator[str]:
    met = "" if found.met is None else f"The SLO holds up to {level(found.met)}"
    match word:
        case CapacityWord.FOUND:
            assert found.met is not None, "found is both bounds"
            assert found.broken is not None, "found is both bounds"
            middle = (found.met + found.broken) / 2
            share = (found.broken - found.met) / 2 / middle
            yield f"{met} and is broken from {level(found.broken)} on: "
            yield f"the knee lies between, at {level(round(middle))} ± {share:.1%}."
        case CapacityWord.HELD:
            yield f"{met}, the highest level asked for: no bound was found."
        case CapacityWord.BROKEN_AT_ONCE:
            assert found.broken is not None, "it was"
            yield f"The SLO is broken at {level(found.broken)} already, the lowest level asked for."
        case CapacityWord.GENERATOR_LIMIT:
            yield f"{met}. {_limit(steps, level)} No bound of the target was found."
        case CapacityWord.UNPROVEN:
            yield f"Nothing is proven of the target. {_limit(steps, level)}"
        case CapacityWord.NO_DATA:
            yield f"There was nothing to judge: {_last_reason(steps)}."
        case CapacityWord.UNDECIDED:
            yield f"{met or 'At no level did the SLO hold in every repeat'}, and there is no "
            yield (
                "level from which on it is broken each time."
                if found.broken is None
                else (f"level below {level(found.broken)} at which it holds each time.")
            )
        case CapacityWord.INTERRUPTED:
            yield f"Interrupted after {len(steps)} step{'' if len(steps) == 1 else 's'}. "
            yield f"{met or 'At no level was the SLO met so far'}"
            broken = "no level broke it yet"
            if found.broken is not None:
                broken = f"it is broken from {level(found.broken)} on"
            yield f", and {broken}."


def _limit(steps: Sequence[CapacityStep], level: Level) -> str:
    cap = unoffered(Trial(step.level, step.outcome) for step in steps)
    unproven = [step for step in steps if step.outcome is StepOutcome.UNPROVEN]
    last = next((step for step in reversed(unproven) if step.level == cap), unproven[-1])
    reason = last.reasons[0] if last.reasons else "the run was no evidence."
    return f"The generator's limit came first, at {level(last.level)}: {reason}"


def _last_reason(steps: Sequence[CapacityStep]) -> str:
    return steps[-1].reasons[0] if steps and steps[-1].reasons else "no step was completed"


def _disagreement(trials: Sequence[Trial], level: Level) -> Iterator[str]:
    outcomes: dict[int, set[StepOutcome]] = {}
    for trial in _proven(trials):
        outcomes.setdefault(trial.level, set()).add(trial.outcome)
    mixed = sorted(number for number, seen in outcomes.items() if len(seen) > 1)
    if mixed:
        yield (
            f"Repeats disagreed at {', '.join(map(level, mixed))}: the interval is as wide as "
            "that. Longer steps (--hold) decide better."
        )


def _tried_too_little(
    word: CapacityWord, plan: SearchPlan, trials: Sequence[Trial], level: Level
) -> Iterator[str]:
    if word not in (CapacityWord.FOUND, CapacityWord.HELD, CapacityWord.GENERATOR_LIMIT):
        return
    found = bounds(trials)
    for bound in (found.met, found.broken):
        times = sum(trial.level == bound for trial in _proven(trials))
        if bound is not None and times < plan.repeats:
            yield (
                f"{level(bound)} was tried {times} time{'' if times == 1 else 's'} only, since "
                f"the search is bounded to {plan.most_steps} steps."
            )


def _proven(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.outcome is not StepOutcome.UNPROVEN]
