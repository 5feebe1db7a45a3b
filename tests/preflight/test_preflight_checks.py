"""A plan's needs beside a machine's limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from atlas_perf.cgroups import MemoryRoom
from atlas_perf.model.plan import (
    ConstantArrivalRate,
    ConstantVUs,
    HttpOptions,
    RampingVUs,
    ScenarioPlan,
    Stage,
    TestPlan,
)
from atlas_perf.preflight.checks import cheap_findings, cores, local_ports, memory, open_files
from atlas_perf.preflight.finding import Level
from atlas_perf.preflight.machine import Machine
from atlas_perf.preflight.need import FILES_BESIDE, USER_BYTES, WORKER_BYTES, Need, need_of

MACHINE = Machine(
    open_files=1000,
    hard_open_files=1000,
    local_ports=28_000,
    time_wait=5,
    cores=4,
    core_quota=None,
    memory_bytes=8_000_000_000,
    memory_room=None,
)
NEED = Need(users=100, processes=2, fullest=50)


def plan(*vus: int, processes: int = 1, **http: object) -> TestPlan:
    scenarios = tuple(
        ScenarioPlan(f"s{number}", ConstantVUs(count, 1)) for number, count in enumerate(vus)
    )
    options = HttpOptions(**http)
    return TestPlan("shop", "shop.py", "", scenarios, processes=processes, http=options)


def test_what_a_plan_needs() -> None:
    assert need_of(plan(5, 4, processes=3), "http://a") == Need(users=9, processes=3, fullest=4)
    assert not need_of(plan(1, no_connection_reuse=True), None).reuses_connections
    assert not need_of(plan(1), "http+unix://%2Frun%2Fapp.sock").over_tcp
    ramp = RampingVUs(0, (Stage(1, 7), Stage(1, 0)))
    peak = TestPlan("shop", "shop.py", "", (ScenarioPlan("s", ramp),), processes=2)
    assert need_of(peak, None) == Need(users=7, processes=2, fullest=4)
    rate = ConstantArrivalRate(rate=9, duration_ns=1, pre_allocated_vus=5, max_vus=1000)
    open_model = TestPlan("shop", "shop.py", "", (ScenarioPlan("s", rate),), processes=2)
    assert need_of(open_model, None) == Need(users=5, processes=2, fullest=3)


def test_a_plan_within_all_limits() -> None:
    findings = cheap_findings(MACHINE, NEED, addresses=1)
    assert [one.level for one in findings] == [Level.GOOD] * 4
    assert [one.subject for one in findings] == ["open files", "local ports", "cores", "memory"]
    assert not any(one.fix for one in findings)


def test_a_machine_alone_is_never_judged() -> None:
    findings = cheap_findings(replace(MACHINE, open_files=8, memory_bytes=1), None)
    assert {one.level for one in findings} == {Level.GOOD}


@pytest.mark.parametrize(
    ("limit", "level"), [(50 + FILES_BESIDE, Level.GOOD), (49 + FILES_BESIDE, Level.HOPELESS)]
)
def test_each_user_of_the_fullest_worker_needs_a_descriptor(limit, level) -> None:
    assert open_files(replace(MACHINE, open_files=limit), NEED).level is level


def test_too_few_descriptors_in_words() -> None:
    few = replace(MACHINE, open_files=64, hard_open_files=64, raised_from=16)
    assert str(open_files(few, NEED)) == (
        "open files: 64 for each process (raised from 16; hard limit 64), and the fullest worker "
        "needs 82 (50 users with a connection each and 32 besides): raise the hard limit "
        "(ulimit -Hn 82), use more processes or fewer users"
    )


@pytest.mark.parametrize(
    ("ports", "addresses", "level"),
    [
        (100, 1, Level.GOOD),
        (99, 1, Level.HOPELESS),
        (50, 2, Level.GOOD),
        (99, None, Level.DOUBTFUL),  # perhaps each user goes elsewhere
        (None, 1, Level.GOOD),
    ],
)
def test_each_user_needs_a_port_of_its_own_to_one_address(ports, addresses, level) -> None:
    assert local_ports(replace(MACHINE, local_ports=ports), NEED, addresses).level is level


def test_a_unix_socket_needs_no_port() -> None:
    need = replace(NEED, over_tcp=False)
    assert local_ports(replace(MACHINE, local_ports=1), need, 1).level is Level.GOOD


def test_connections_that_are_not_kept_use_ports_up() -> None:
    finding = local_ports(MACHINE, replace(NEED, reuses_connections=False), 1)
    assert finding.level is Level.DOUBTFUL
    assert "some 466 requests a second" in finding.text


@pytest.mark.parametrize(
    ("available", "quota", "level"),
    [(2, None, Level.GOOD), (1, None, Level.DOUBTFUL), (8, 1.5, Level.DOUBTFUL)],
)
def test_workers_share_cores(available, quota, level) -> None:
    finding = cores(replace(MACHINE, cores=available, core_quota=quota), NEED)
    assert finding.level is level
    assert level is Level.GOOD or "--processes 1" in finding.fix


def test_memory_is_that_of_all_processes_and_users() -> None:
    needs = 3 * WORKER_BYTES + 100 * USER_BYTES
    assert memory(replace(MACHINE, memory_bytes=needs), NEED).level is Level.GOOD
    assert memory(replace(MACHINE, memory_bytes=needs - 1), NEED).level is Level.HOPELESS
    assert memory(replace(MACHINE, memory_bytes=None), NEED).level is Level.GOOD
    narrow = replace(MACHINE, memory_room=MemoryRoom(2 * needs, needs - 1))
    finding = memory(narrow, NEED)
    assert finding.level is Level.HOPELESS
    assert "(control group limit" in finding.text
