"""What `atlas-perf bench --rate` says of its schedule: were requests sent when they were due?"""

from __future__ import annotations

from atlas_perf.model.batch import Ledger
from atlas_perf.model.summary import Summary
from atlas_perf.report.value_text import milliseconds_text, share_text


def schedule_sentences(summary: Summary, connections: int) -> list[str]:
    """Sentences on what was due, what was late by whose doing, and what was never sent."""
    ledger = sum(summary.ledger.values(), Ledger())
    warmed = any(not phase.counted for phase in summary.phases)
    said = [_due(ledger, warmed), _lag(summary), _waited(summary, ledger, warmed, connections)]
    return [sentence for sentence in said if sentence]


def _due(ledger: Ledger, warmed: bool) -> str:
    due = f"{ledger.scheduled:,} request{'' if ledger.scheduled == 1 else 's'} fell due"
    due += ", the warm-up's included" if warmed else ""
    if ledger.dropped == 0:
        return f"{due}, and all were sent."
    never = share_text(ledger.dropped, ledger.scheduled)
    return (
        f"{due}; {ledger.dropped:,} ({never}) were never sent, since no connection came free "
        "in time: they are in no latency."
    )


def _lag(summary: Summary) -> str:
    lag = summary.metrics.get("iteration_lag")
    if lag is None:
        return ""
    usual, most = (milliseconds_text(lag.values[stat]) for stat in ("p(99)", "max"))
    return (
        f"The generator itself was late by less than {usual} for 99 % of them, and by {most} at "
        "most; that is in the response times too."
    )


def _waited(summary: Summary, ledger: Ledger, warmed: bool, connections: int) -> str:
    wait = summary.metrics.get("iteration_wait")
    if wait is None:
        return "None had to wait for a free connection."
    waited, of, after = int(wait.values["count"]), ledger.scheduled, ""
    if warmed:  # waits and lags are told without it, and each request that was sent has a lag
        lag = summary.metrics.get("iteration_lag")
        of = waited if lag is None else int(lag.values["count"])
        after = " of those sent after the warm-up"
    return (
        f"{waited:,} ({share_text(waited, of)}){after} waited for one of the {connections} "
        f"connections, {milliseconds_text(wait.values['max'])} at most: the target did "
        "not keep up with the rate then, or needs more connections."
    )
