"""Whether a run came out as its case says, and whether the cases leave a criterion untried."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.sensitivity.case import Case
from benchmarks.sensitivity.outcome import Outcome


def complaints(case: Case, outcome: Outcome) -> list[str]:
    """What is not as the case says; nothing if all is."""
    found = []
    wanted = "PASS" if case.is_control else "FAIL"
    if outcome.verdict != wanted:
        why = f": {' '.join(outcome.reasons)}" if outcome.reasons else ""
        found.append(f"the verdict is {outcome.verdict} and not {wanted}{why}")
    for name in (*case.breaks, *case.follows, *case.undecided):
        if name not in outcome.criteria:
            found.append(f"the run judges no {name}")
    found += [
        f"{name} is not broken"
        for name in case.breaks
        if name in outcome.criteria and name not in outcome.failed
    ]
    allowed = {*case.breaks, *case.follows}
    found += [f"{name} is broken too" for name in sorted(outcome.failed - allowed)]
    unjudged = outcome.without_data - {*case.undecided}
    found += [f"{name} has no data" for name in sorted(unjudged)]
    found += [f"{fault} struck nothing" for fault in case.faults if not outcome.struck.get(fault)]
    return found


def untried(outcomes: Mapping[Case, Outcome]) -> list[str]:
    """Criteria that a control was judged by and no case breaks. Default gates may be among what
    follows, and need no case of their own."""
    tried = {(_place(case), name) for case in outcomes for name in case.breaks}
    judged = dict.fromkeys(
        (_place(case), name)
        for case, outcome in outcomes.items()
        if case.is_control
        for name, criterion in outcome.criteria.items()
        if not criterion.default_gate
    )
    return [
        f"{place}: no case breaks {name}" for place, name in judged if (place, name) not in tried
    ]


def _place(case: Case) -> str:
    return f"{case.load.scenario} {case.contract}"
