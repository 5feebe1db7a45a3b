"""What this machine gives to a run, as far as it can be read in a moment."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

from atlas_perf.cgroups import MemoryRoom, cpu_quota, memory_room

_PROC = Path("/proc")
_PORT_RANGE = "sys/net/ipv4/ip_local_port_range"
_RESERVED_PORTS = "sys/net/ipv4/ip_local_reserved_ports"


@dataclass(frozen=True, slots=True)
class Machine:
    """None: this system does not say."""

    open_files: int  # that a process may have; the soft limit, raised as far as it may be
    hard_open_files: int | None  # None: unlimited
    local_ports: int | None  # for connections from one address to one address and port
    time_wait: int | None  # connections that still hold one after their end
    cores: int  # by the CPU affinity
    core_quota: float | None  # by control groups
    memory_bytes: int | None  # that can be had without swapping
    memory_room: MemoryRoom | None  # by control groups
    raised_from: int | None = None  # the soft limit on open files as it was

    @property
    def usable_cores(self) -> float:
        return self.cores if self.core_quota is None else min(self.cores, self.core_quota)

    @property
    def usable_memory_bytes(self) -> int | None:
        """The least of what the machine has left and what the control groups allow."""
        room = None if self.memory_room is None else self.memory_room.left_bytes
        return min((left for left in (self.memory_bytes, room) if left is not None), default=None)


def look_at_machine(proc: Path = _PROC) -> Machine:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Machine(
        open_files=1 << 30 if soft == resource.RLIM_INFINITY else soft,
        hard_open_files=None if hard == resource.RLIM_INFINITY else hard,
        local_ports=_local_ports(proc),
        time_wait=_time_wait(proc),
        cores=affine_cores(),
        core_quota=cpu_quota(),
        memory_bytes=_available_bytes(proc),
        memory_room=memory_room(),
    )


def affine_cores() -> int:
    """Cores that the CPU affinity leaves to this process."""
    if hasattr(os, "sched_getaffinity"):  # absent on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _local_ports(proc: Path) -> int | None:
    words = _read(proc / _PORT_RANGE).split()
    if len(words) != 2:
        return None
    first, last = map(int, words)
    reserved = _read(proc / _RESERVED_PORTS).strip()
    spans = (span.partition("-") for span in reserved.split(",") if span)
    taken = sum(
        max(0, min(last, int(end or start)) - max(first, int(start)) + 1) for start, _, end in spans
    )
    return last - first + 1 - taken


def _time_wait(proc: Path) -> int | None:
    for line in _read(proc / "net/sockstat").splitlines():
        words = line.split()
        if words[:1] == ["TCP:"] and "tw" in words:
            return int(words[words.index("tw") + 1])
    return None


def _available_bytes(proc: Path) -> int | None:
    for line in _read(proc / "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
