"""How many cores this process may really use: what `--processes auto` stands for."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """The least of the CPU affinity and the container's CPU quota, at least 1."""
    quota = cgroup_cores(CGROUP_ROOT, OWN_CGROUP)
    available = _affinity()
    return available if quota is None else max(1, min(available, int(quota)))


def cgroup_cores(root: Path, own: Path) -> float | None:
    """Cores granted by the CPU quotas of cgroup v2, from the own group up to the root.

    None without any quota, and where there is no cgroup v2.
    """
    group = _own_group(root, own)
    quotas = []
    while True:
        quotas.extend(_quota(group / "cpu.max"))
        if group == root:
            return min(quotas, default=None)
        group = group.parent


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # absent on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _own_group(root: Path, own: Path) -> Path:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return root
    for line in lines:
        if line.startswith("0::/"):
            group = root / line.removeprefix("0::/")
            return group if group.is_relative_to(root) and ".." not in group.parts else root
    return root


def _quota(file: Path) -> list[float]:
    try:
        quota, period = file.read_text().split()
    except (OSError, ValueError):
        return []
    return [] if quota == "max" else [int(quota) / int(period)]
