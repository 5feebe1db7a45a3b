"""Limits of the control groups that this process is in, of versions 1 and 2, and what they cost.

A group is limited by those around it as well, so all on the way up to the mounted root count. In a
container the root is often the container's own group, whatever path the kernel names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")

_NS_PER_US = 1_000
_NO_LIMIT_BYTES = 1 << 60  # version 1 writes "none" as the largest number of pages


@dataclass(frozen=True, slots=True)
class MemoryRoom:
    """A limit, and what is left below it, caches that the kernel would give up included."""

    limit_bytes: int
    left_bytes: int


@dataclass(frozen=True, slots=True)
class Throttling:
    """How often a group used up its CPU quota, and how long it was held for that, since it was
    made. Each CPU that was held is counted, so the time may rise faster than the clock."""

    periods: int
    held_ns: int
    period_ns: int  # how often the quota is renewed


def cpu_quota(root: Path = CGROUP_ROOT, own: Path = OWN_CGROUP) -> float | None:
    """Cores granted by the narrowest CPU quota; None without any."""
    quotas = [
        *(quota for group in _version_2(root, own) for quota in _quota_2(group)),
        *(quota for group in _version_1(root, own, "cpu") for quota in _quota_1(group)),
    ]
    return min(quotas, default=None)


def memory_room(root: Path = CGROUP_ROOT, own: Path = OWN_CGROUP) -> MemoryRoom | None:
    """The memory limit that leaves least room; None without any."""
    rooms = [
        *_rooms(_version_2(root, own), "memory.max", "memory.current", "inactive_file"),
        *_rooms(
            _version_1(root, own, "memory"),
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_inactive_file",
        ),
    ]
    return min(rooms, key=lambda room: room.left_bytes, default=None)


def groups_with_cpu_statistics(
    root: Path | None = None, own: Path | None = None
) -> tuple[Path, ...]:
    """The groups that a CPU quota of may throttle this process, from its own upwards."""
    root, own = root or CGROUP_ROOT, own or OWN_CGROUP
    groups = (*_version_2(root, own), *_version_1(root, own, "cpu"))
    return tuple(group for group in groups if (group / "cpu.stat").is_file())


def throttling(group: Path) -> Throttling | None:
    """What a group's CPU quota has done to it; None where it has none."""
    period_ns = _period_ns(group)
    if period_ns is None:
        return None
    statistics = _statistics(group / "cpu.stat")
    return Throttling(
        periods=statistics.get("nr_throttled", 0),
        # Version 2 counts microseconds and version 1 nanoseconds.
        held_ns=statistics.get("throttled_usec", 0) * _NS_PER_US
        or statistics.get("throttled_time", 0),
        period_ns=period_ns,
    )


def _version_2(root: Path, own: Path) -> Iterator[Path]:
    for number, _, path in _lines(own):
        if number == "0":
            yield from _upwards(root, path)
            return
    yield root


def _version_1(root: Path, own: Path, controller: str) -> Iterator[Path]:
    for _, controllers, path in _lines(own):
        if controller in controllers.split(","):
            for mount in (root / controller, root / controllers):
                if mount.is_dir():
                    yield from _upwards(mount, path)
                    return


def _lines(own: Path) -> Iterator[tuple[str, str, str]]:
    try:
        text = own.read_text()
    except OSError:
        return
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        yield number, controllers, path


def _upwards(root: Path, path: str) -> Iterator[Path]:
    group = root / path.lstrip("/")
    if ".." in group.parts or not group.is_dir():  # seen from another namespace
        group = root
    while group != root:
        yield group
        group = group.parent
    yield root


def _quota_2(group: Path) -> list[float]:
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return [] if quota == "max" else [int(quota) / int(period)]
    except (OSError, ValueError, ZeroDivisionError):
        return []


def _period_ns(group: Path) -> int | None:
    """How often the group's quota is renewed; None without a quota."""
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return None if quota == "max" else int(period) * _NS_PER_US
    except (OSError, ValueError):
        period_us = _number(group / "cpu.cfs_period_us")
        return period_us * _NS_PER_US if period_us and _quota_1(group) else None


def _quota_1(group: Path) -> list[float]:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return [quota / period] if quota and period and quota > 0 else []


def _rooms(groups: Iterator[Path], limit: str, used: str, cached: str) -> Iterator[MemoryRoom]:
    for group in groups:
        limit_bytes, used_bytes = _number(group / limit), _number(group / used)
        if limit_bytes is not None and limit_bytes < _NO_LIMIT_BYTES and used_bytes is not None:
            spare_bytes = _statistics(group / "memory.stat").get(cached, 0)
            left_bytes = limit_bytes - used_bytes + spare_bytes
            yield MemoryRoom(limit_bytes, max(0, min(left_bytes, limit_bytes)))


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # absent, or "max"
        return None


def _statistics(file: Path) -> dict[str, int]:
    try:
        pairs = [line.split() for line in file.read_text().splitlines()]
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}
    except (OSError, ValueError):
        return {}
