"""The seconds of a run that goes on, as the columns that its page draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atlas_perf.model.summary import Window
from atlas_perf.report.html.columns import every_column, names_shown

MOST_SECONDS = 3600
"""Older ones are let go of: the report has them all."""

PLANNED = "planned_arrivals_per_s"


class Seconds:
    """Grows at its end. Each second is made into numbers once, however many read them."""

    def __init__(self) -> None:
        self._columns: dict[str, list[float | None]] = {}
        self._filled: set[str] = set()
        self._gone = 0
        self.newest = -1

    @property
    def count(self) -> int:
        """All that there have been, those that were let go of included."""
        return self._gone + len(self._columns.get("second", ()))

    @property
    def shown(self) -> frozenset[str]:
        """The columns that have had something to show."""
        return names_shown(self._filled)

    def add(self, windows: Sequence[Window], planned_per_s: Sequence[float | None]) -> None:
        """Those that follow, each with the arrivals that the plan makes due in it."""
        if not windows:
            return
        columns = {**every_column(windows), PLANNED: tuple(planned_per_s)}
        for name, values in columns.items():
            self._columns.setdefault(name, []).extend(values)
        self._filled.update(name for name, values in columns.items() if any(values))
        self.newest = windows[-1].second
        surplus = len(self._columns["second"]) - MOST_SECONDS
        if surplus > 0:
            self._gone += surplus
            for column in self._columns.values():
                del column[:surplus]

    def since(self, number: int) -> Mapping[str, Sequence[float | None]]:
        """What is shown of the seconds behind the first `number`, as far as it is kept."""
        begin = max(0, number - self._gone)
        names = sorted(self.shown & self._columns.keys())
        return {name: self._columns[name][begin:] for name in names}
