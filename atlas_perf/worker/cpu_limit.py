"""How long the CPU limit of a container held this process back."""

from __future__ import annotations

from pathlib import Path

from atlas_perf.cgroups import Throttling, groups_with_cpu_statistics, throttling


class CpuLimit:
    """Time in which a control group around this process had used up its CPU quota.

    The kernel tells of a group, not of a process, and adds up the CPUs that it held. So this is at
    the most how long some thread of the group was held, and every worker of a run tells the same.
    """

    def __init__(self) -> None:
        self._groups = groups_with_cpu_statistics()
        self._before: dict[Path, Throttling] = {}

    def begin(self) -> None:
        """Count from now on."""
        self._before = self._read()

    def take_ns(self) -> int:
        """Since this was last asked, or begun; 0 where the system sets no limit or does not tell.

        Groups inside each other are held at the same time: the one that was held longest counts.
        """
        before, self._before = self._before, self._read()
        known = self._before.keys() & before.keys()
        return max((_held_ns(before[one], self._before[one]) for one in known), default=0)

    def _read(self) -> dict[Path, Throttling]:
        readings = ((group, throttling(group)) for group in self._groups)
        return {group: reading for group, reading in readings if reading is not None}


def _held_ns(before: Throttling, now: Throttling) -> int:
    """However many CPUs were held, no period was longer than it is."""
    periods_ns = (now.periods - before.periods) * now.period_ns
    return max(0, min(now.held_ns - before.held_ns, periods_ns))
