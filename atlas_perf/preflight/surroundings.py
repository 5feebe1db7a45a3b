"""The checks that take a moment, for `atlas-perf doctor` only: clock, names, other load."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

from atlas_perf.preflight.finding import Finding, Level
from atlas_perf.units import NS_PER_MS, NS_PER_S, NS_PER_US, format_duration

CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
CPU_TIMES = Path("/proc/stat")

SLOW_SOURCES = frozenset({"hpet", "acpi_pm", "jiffies", "pit", "refined-jiffies"})
COARSEST_STEP_NS = NS_PER_MS // 10
COSTLIEST_READING_NS = NS_PER_US
BUSY_SHARE = 0.2
STOLEN_SHARE = 0.02
SLOW_LOOK_UP_NS = 100 * NS_PER_MS
LOOK_S = 0.5

_READINGS = 10_000


def clock(source_file: Path = CLOCK_SOURCE) -> Finding:
    """The source of the monotonic clock, its smallest step, and what a reading costs."""
    try:
        source = source_file.read_text().strip()
    except OSError:
        source = "the system's clock"
    step_ns, reading_ns = _clock_grain()
    text = f"{source}, steps of {format_duration(step_ns)}, {reading_ns:.0f}ns a reading"
    slow = source in SLOW_SOURCES or reading_ns > COSTLIEST_READING_NS
    if slow or step_ns > COARSEST_STEP_NS:
        fix = "choose another with the kernel parameter clocksource=tsc, or another machine"
        return Finding(Level.DOUBTFUL, "clock", text, fix)
    return Finding(Level.GOOD, "clock", text)


def names(host: str | None) -> Finding:
    """Whether, how fast and to how many addresses the target's name resolves."""
    subject = "DNS"
    if host is None:
        return Finding(Level.GOOD, subject, "no target is named")
    if _is_address(host):
        return Finding(Level.GOOD, subject, f"{host} is an address: nothing to look up")
    began_ns = time.monotonic_ns()
    found = addresses_of(host)
    took_ns = time.monotonic_ns() - began_ns
    took = format_duration(took_ns)
    if not found:
        return Finding(
            Level.HOPELESS,
            subject,
            f"{host} has no address, as was known after {took}",
            "correct the name, or say where it is with the option hosts",
        )
    text = f"{host} is {', '.join(found)}, found in {took}"
    if took_ns > SLOW_LOOK_UP_NS:
        return Finding(Level.DOUBTFUL, subject, text, "use a resolver with a cache")
    return Finding(Level.GOOD, subject, text)


def addresses_of(host: str) -> list[str]:
    """The addresses of a name, each once; none if it does not resolve."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def other_load(cpu_times: Path = CPU_TIMES, look_s: float = LOOK_S) -> Finding:
    """How busy the machine is while we do nothing."""
    before = _cpu_times(cpu_times)
    time.sleep(look_s)
    after = _cpu_times(cpu_times)
    if before is None or after is None:
        return Finding(Level.GOOD, "other load", "this system does not say how busy it is")
    return judge_load([late - early for early, late in zip(before, after, strict=True)])


def judge_load(ticks: list[int]) -> Finding:
    """`ticks` are the fields of /proc/stat's first line: user, nice, system, idle, iowait, …"""
    whole = sum(ticks[:8]) or 1
    idle = ticks[3] + ticks[4]
    stolen = ticks[7] / whole
    busy = 1 - idle / whole - stolen
    text = f"{busy:.0%} of the cores busy, {stolen:.0%} taken by other guests of the host"
    if stolen > STOLEN_SHARE:
        return Finding(Level.DOUBTFUL, "other load", text, "use a machine with cores of its own")
    if busy > BUSY_SHARE:
        return Finding(Level.DOUBTFUL, "other load", text, "leave the machine to the test")
    return Finding(Level.GOOD, "other load", text)


def _clock_grain() -> tuple[float, float]:
    readings = [time.monotonic_ns() for _ in range(_READINGS)]
    steps = [late - early for early, late in pairwise(readings)]
    moved = [step for step in steps if step > 0]
    smallest = min(moved) if moved else time.get_clock_info("monotonic").resolution * NS_PER_S
    return smallest, (readings[-1] - readings[0]) / len(steps)


def _cpu_times(file: Path) -> list[int] | None:
    try:
        first = file.read_text().splitlines()[0].split()
    except (OSError, IndexError):
        return None
    return [int(word) for word in first[1:9]] if len(first) > 8 else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
