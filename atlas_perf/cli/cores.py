"""How many cores this process may really use: what `--processes auto` stands for."""

from __future__ import annotations

from atlas_perf.cgroups import cpu_quota
from atlas_perf.preflight.machine import affine_cores


def usable_cores() -> int:
    """The least of the CPU affinity and the container's CPU quota, at least 1."""
    quota = cpu_quota()
    available = affine_cores()
    return available if quota is None else max(1, min(available, int(quota)))
