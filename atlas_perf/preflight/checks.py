"""The checks that cost nothing, which every run makes by itself: machine and plan in, lines out."""

from __future__ import annotations

from atlas_perf.preflight.finding import Finding, Level
from atlas_perf.preflight.machine import Machine
from atlas_perf.preflight.need import FILES_BESIDE, USER_BYTES, WORKER_BYTES, Need
from atlas_perf.units import format_bytes

TIME_WAIT_S = 60
"""A port is not free again for so long after its connection was closed from here."""

_FILES, _PORTS, _CORES, _MEMORY = "open files", "local ports", "cores", "memory"


def cheap_findings(
    machine: Machine, need: Need | None, *, addresses: int | None = None
) -> list[Finding]:
    """One line for each limit of the machine.

    Args:
        need: of the plan; None: what there is, without judging it.
        addresses: of the target, each of which has local ports of its own; None: not known.
    """
    return [
        open_files(machine, need),
        local_ports(machine, need, addresses),
        cores(machine, need),
        memory(machine, need),
    ]


def open_files(machine: Machine, need: Need | None) -> Finding:
    raised = "" if machine.raised_from is None else f"raised from {machine.raised_from:,}; "
    hard = "none" if machine.hard_open_files is None else f"{machine.hard_open_files:,}"
    has = f"{machine.open_files:,} for each process ({raised}hard limit {hard})"
    if need is None:
        room = max(0, machine.open_files - FILES_BESIDE)
        return Finding(Level.GOOD, _FILES, f"{has}, room for {room:,} users in each worker")
    needs = (
        f"the fullest worker needs {need.open_files:,} ({need.fullest:,} users with a connection "
        f"each and {FILES_BESIDE} besides)"
    )
    if need.open_files <= machine.open_files:
        return Finding(Level.GOOD, _FILES, f"{has}; {needs}")
    return Finding(
        Level.HOPELESS,
        _FILES,
        f"{has}, and {needs}",
        f"raise the hard limit (ulimit -Hn {need.open_files}), use more processes or fewer users",
    )


def local_ports(machine: Machine, need: Need | None, addresses: int | None = None) -> Finding:
    if machine.local_ports is None:
        return Finding(Level.GOOD, _PORTS, "this system does not say how many there are")
    ports = machine.local_ports * (addresses or 1)
    waiting = "" if machine.time_wait is None else f", {machine.time_wait:,} in TIME_WAIT"
    where = f"the target's {addresses} addresses" if (addresses or 1) > 1 else "each address"
    has = f"{ports:,} to {where}{waiting}"
    if need is None or not need.over_tcp:
        return Finding(Level.GOOD, _PORTS, has)
    if need.users > ports:
        return Finding(
            Level.DOUBTFUL if addresses is None else Level.HOPELESS,
            _PORTS,
            f"{has}, and {need.users:,} users need one each",
            "widen net.ipv4.ip_local_port_range, use fewer users, or several machines",
        )
    if not need.reuses_connections:
        return Finding(
            Level.DOUBTFUL,
            _PORTS,
            f"{has}: without kept connections they last for some {ports // TIME_WAIT_S:,} "
            "requests a second",
            "turn noConnectionReuse off, or keep the rate below that",
        )
    return Finding(Level.GOOD, _PORTS, f"{has}; {need.users:,} users need one each")


def cores(machine: Machine, need: Need | None) -> Finding:
    usable = machine.usable_cores
    quota = "" if machine.core_quota is None else f" (quota {machine.core_quota:g})"
    has = f"{machine.cores} by CPU affinity{quota}"
    if need is None:
        return Finding(Level.GOOD, _CORES, has)
    if need.processes > max(1, usable):
        return Finding(
            Level.DOUBTFUL,
            _CORES,
            f"{has}, and {need.processes} workers share them",
            f"use --processes {max(1, int(usable))}, or give the run more cores",
        )
    return Finding(Level.GOOD, _CORES, f"{has}; {need.processes} workers")


def memory(machine: Machine, need: Need | None) -> Finding:
    usable = machine.usable_memory_bytes
    if usable is None:
        return Finding(Level.GOOD, _MEMORY, "this system does not say how much is left")
    room = machine.memory_room
    limit = "" if room is None else f" (control group limit {format_bytes(room.limit_bytes)})"
    has = f"{format_bytes(usable)} left{limit}"
    if need is None:
        users = max(0, usable - 2 * WORKER_BYTES) // USER_BYTES // 1000 * 1000
        return Finding(Level.GOOD, _MEMORY, f"{has}, enough for some {users:,} users")
    needs = (
        f"{need.users:,} users in {need.processes} workers need about "
        f"{format_bytes(need.memory_bytes)}"
    )
    if need.memory_bytes <= usable:
        return Finding(Level.GOOD, _MEMORY, f"{has}; {needs}")
    return Finding(
        Level.HOPELESS,
        _MEMORY,
        f"{has}, and {needs}",
        "use fewer users or processes, or a machine or limit with more memory",
    )
