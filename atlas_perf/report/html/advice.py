"""What to do about a verdict, in a sentence or two."""

from __future__ import annotations

from atlas_perf.errors import ExitCode
from atlas_perf.model.summary import Summary
from atlas_perf.model.verdict import Verdict

_ADVICE = {
    Verdict.INVALID: "Do not use the numbers below to judge the target. Remove what the reasons "
    "name, then run again; the charts of the generator show when it happened.",
    Verdict.FAIL: "Look at the broken criteria first, then at the endpoints and failures that the "
    "reasons name. The charts show when it began.",
    Verdict.NO_DATA: "Something that was asked for could not be judged, which is no pass. Fix the "
    "selector or let the load reach it, or ask for no such criterion.",
    Verdict.NO_BASELINE: "Name a baseline, or run without one.",
    Verdict.INCONCLUSIVE: "Make more pairs of runs in turns on one machine, or accept that "
    "nothing is shown.",
    Verdict.PASS: "Nothing has to be done. Margins that are thin are worth a look before the next "
    "release.",
}
_INTERRUPTED = "The run was ended by hand before its plan was done. Run it again to its end."


def advice(summary: Summary) -> str:
    """What a reader should do next."""
    if summary.exit_code is ExitCode.INTERRUPTED:
        return _INTERRUPTED
    return _ADVICE[summary.verdict]
