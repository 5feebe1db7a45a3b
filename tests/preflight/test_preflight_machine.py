"""Reading the machine: this one, and made-up ones."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from atlas_perf.preflight import surroundings
from atlas_perf.preflight.finding import Level
from atlas_perf.preflight.machine import look_at_machine


def put(proc: Path, file: str, text: str) -> None:
    path = proc / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_this_machine_says_what_it_has() -> None:
    machine = look_at_machine()
    assert machine.open_files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert machine.cores >= 1
    if Path("/proc/meminfo").exists():
        assert machine.memory_bytes > 0
        assert machine.local_ports > 0


def test_a_made_up_machine(tmp_path: Path) -> None:
    put(tmp_path, "sys/net/ipv4/ip_local_port_range", "50000\t50099\n")
    put(tmp_path, "sys/net/ipv4/ip_local_reserved_ports", "49990-50004,50050,60000-60001\n")
    put(tmp_path, "net/sockstat", "sockets: used 1\nTCP: inuse 7 orphan 0 tw 12 alloc 9 mem 2\n")
    put(tmp_path, "meminfo", "MemTotal: 9 kB\nMemAvailable:    2000 kB\n")
    machine = look_at_machine(tmp_path)
    assert machine.local_ports == 100 - 5 - 1
    assert (machine.time_wait, machine.memory_bytes) == (12, 2000 * 1024)


def test_a_system_that_says_nothing(tmp_path: Path) -> None:
    machine = look_at_machine(tmp_path)
    assert (machine.local_ports, machine.time_wait, machine.memory_bytes) == (None, None, None)


def test_a_clock_that_is_slow_to_read_is_doubtful(tmp_path: Path) -> None:
    source = tmp_path / "current"
    source.write_text("hpet\n")
    slow = surroundings.clock(source)
    assert (slow.level, slow.text.split(",")[0]) == (Level.DOUBTFUL, "hpet")
    assert surroundings.clock(tmp_path / "none").text.startswith("the system's clock, steps of ")


def test_names_and_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.names(None).level is Level.GOOD
    assert "nothing to look up" in surroundings.names("::1").text
    table = {"api.example": ["10.0.0.1", "10.0.0.2", "10.0.0.1"]}

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host not in table:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, 1, 6, "", (address, 0)) for address in table[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert surroundings.addresses_of("api.example") == ["10.0.0.1", "10.0.0.2"]
    assert surroundings.names("api.example").text.startswith("api.example is 10.0.0.1, 10.0.0.2, ")
    missing = surroundings.names("apj.example")
    assert missing.level is Level.HOPELESS
    assert "apj.example has no address" in missing.text


@pytest.mark.parametrize(
    ("ticks", "level", "words"),
    [
        ([1, 0, 1, 97, 1, 0, 0, 0], Level.GOOD, "2% of the cores busy, 0% taken"),
        ([30, 10, 10, 50, 0, 0, 0, 0], Level.DOUBTFUL, "50% of the cores busy"),
        ([0, 0, 0, 90, 0, 0, 0, 10], Level.DOUBTFUL, "10% taken by other guests"),
        ([0] * 8, Level.DOUBTFUL, ""),
    ],
)
def test_other_load(ticks, level, words) -> None:
    finding = surroundings.judge_load(ticks)
    assert finding.level is level
    assert words in finding.text


def test_other_load_is_looked_at_over_a_while(tmp_path: Path) -> None:
    assert "does not say" in surroundings.other_load(tmp_path / "none", look_s=0).text
    if Path("/proc/stat").exists():
        assert "of the cores busy" in surroundings.other_load(look_s=0.05).text
