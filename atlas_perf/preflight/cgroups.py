"""Limits of the control groups that this process is in, of versions 1 and 2.

A group is limited by those around it as well, so all on the way up to the mounted root count. In a
container the root is often the container's own group, whatever path the kernel names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")

_NO_LIMIT_BYTES = 1 << 60  # version 1 writes "none" as the largest number of pages


@dataclass(frozen=True, slots=True)
class MemoryRoom:
    """A limit, and what is left below it, caches that the kernel would give up included."""

    limit_bytes: int
    left_bytes: int


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


def _quota_1(group: Path) -> list[float]:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return [quota / period] if quota and period and quota > 0 else []


def _rooms(groups: Iterator[Path], limit: str, used: str, cached: str) -> Iterator[MemoryRoom]:
    for group in groups:
        limit_bytes, used_bytes = _number(group / limit), _number(group / used)
        if limit_bytes is not None and limit_bytes < _NO_LIMIT_BYTES and used_bytes is not None:
            left_bytes = limit_bytes - used_bytes + _statistic(group / "memory.stat", cached)
            yield MemoryRoom(limit_bytes, max(0, min(left_bytes, limit_bytes)))


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # absent, or "max"
        return None


def _statistic(file: Path, name: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), 0)
