"""Totals split by tags: the groundwork of the summary's tables and of a reason's advice."""

from __future__ import annotations

from collections.abc import Sequence

from atlas_perf.model.series import Selector, Tags, tags_of
from atlas_perf.model.snapshot import Snapshot


def distinct(snapshot: Snapshot, selector: Selector, keys: Sequence[str]) -> tuple[Tags, ...]:
    """The combinations of the keys' values among series that the selector matches, sorted.

    A key that a series does not carry is absent from its combination.
    """
    found = {
        tags_of({key: value for key, value in series.tags if key in keys})
        for series in snapshot.series(selector.metric)
        if selector.matches(series)
    }
    return tuple(sorted(found))


def narrowed(selector: Selector, tags: Tags) -> Selector:
    """The selector with these pairs added."""
    return Selector(selector.metric, tags_of({**dict(selector.tags), **dict(tags)}))
