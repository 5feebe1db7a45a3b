"""What the end of a feed's rows means for the run, each in one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from atlas_perf.coordinator.events import FeedRanOut
from atlas_perf.coordinator.row_leases import RowLeases
from atlas_perf.model.feed import OnExhausted
from atlas_perf.model.plan import TestPlan
from atlas_perf.units import format_duration, format_planned


def feed_invalid_reason(plan: TestPlan, ran_out: FeedRanOut | None) -> Iterator[str]:
    """Why the run proves nothing, if the feed that ended it says that it may not."""
    if ran_out is not None and ran_out.feed.on_exhausted is OnExhausted.FAIL:
        yield f"The feed {_ran_out(plan, ran_out)}: the planned load was not offered."


def feed_warnings(plan: TestPlan, ran_out: FeedRanOut | None, leases: RowLeases) -> Iterator[str]:
    """What the reader of a verdict must know, in the form of its other warnings."""
    if ran_out is not None and ran_out.feed.on_exhausted is OnExhausted.STOP:
        yield f"the feed {_ran_out(plan, ran_out)}: the load ended there, as on_exhausted says"
    for feed in leases.recycled:
        yield (
            f"the feed {feed.name} gave its {feed.rows:,} rows more than once, as on_exhausted "
            "says: they were not unique"
        )


def _ran_out(plan: TestPlan, ran_out: FeedRanOut) -> str:
    after = format_duration(ran_out.after_ns)
    return (
        f"{ran_out.feed.name} ran out of its {ran_out.feed.rows:,} rows after {after} of at most "
        f"{format_planned(plan.end_ns)}"
    )
