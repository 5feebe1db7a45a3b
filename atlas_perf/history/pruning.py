"""Which kept runs may go: never those that were promoted, unless that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from atlas_perf.history.store import Entry


def superfluous(
    entries: Sequence[Entry],
    now: datetime,
    *,
    keep: int = 0,
    older_than: timedelta | None = None,
    superseded: bool = False,
) -> list[Entry]:
    """Those to take out, oldest first.

    Args:
        entries: all of a store, oldest first.
        keep: of each scenario so many of the newest stay.
        older_than: runs that began later than that ago stay as well.
        superseded: take runs too whose last name has passed to another; a run that a name stands
            for now always stays.
    """
    left: dict[str, int] = {}
    found = []
    for entry in reversed(entries):
        kept = entry.kept
        number = left[kept.scenario] = left.get(kept.scenario, 0) + 1
        promoted = kept.promoted_as or (kept.was_promoted and not superseded)
        young = older_than is not None and now - entry.started < older_than
        if number > keep and not young and not promoted:
            found.append(entry)
    return found[::-1]
