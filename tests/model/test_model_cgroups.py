"""Limits of control groups, of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf.cgroups import (
    MemoryRoom,
    Throttling,
    cpu_quota,
    groups_with_cpu_statistics,
    memory_room,
    throttling,
)


class Groups:
    """A made-up /sys/fs/cgroup and /proc/self/cgroup."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.own = folder / "own"
        self.root.mkdir()

    def put(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    @property
    def quota(self) -> float | None:
        return cpu_quota(self.root, self.own)

    @property
    def throttled(self) -> list[Throttling | None]:
        return [throttling(group) for group in groups_with_cpu_statistics(self.root, self.own)]

    @property
    def room(self) -> MemoryRoom | None:
        return memory_room(self.root, self.own)


@pytest.fixture
def two(tmp_path: Path) -> Groups:
    groups = Groups(tmp_path)
    groups.own.write_text("0::/build/job-1\n")
    (groups.root / "build/job-1").mkdir(parents=True)
    return groups


@pytest.fixture
def one(tmp_path: Path) -> Groups:
    groups = Groups(tmp_path)
    groups.own.write_text("4:memory:/build\n3:cpuset:/\n2:cpu,cpuacct:/build\n0::/\n")
    (groups.root / "memory/build").mkdir(parents=True)
    (groups.root / "cpu,cpuacct/build").mkdir(parents=True)
    return groups


def test_without_limits_there_are_none(two: Groups) -> None:
    assert (two.quota, two.room) == (None, None)
    two.put("build/job-1/cpu.max", "max 100000")
    two.put("build/job-1/memory.max", "max")
    two.put("build/job-1/memory.current", "5")
    assert (two.quota, two.room) == (None, None)


def test_the_narrowest_quota_on_the_way_up_counts(two: Groups) -> None:
    two.put("build/job-1/cpu.max", "400000 100000")
    assert two.quota == 4.0
    two.put("build/cpu.max", "150000 100000")
    assert two.quota == 1.5


def test_the_limit_that_leaves_least_room_counts(two: Groups) -> None:
    two.put("build/job-1/memory.max", "1000")
    two.put("build/job-1/memory.current", "300")
    assert two.room == MemoryRoom(1000, 700)
    two.put("build/memory.max", "5000")
    two.put("build/memory.current", "4900")
    assert two.room == MemoryRoom(5000, 100)


def test_caches_that_can_be_given_up_are_room(two: Groups) -> None:
    two.put("build/job-1/memory.max", "1000")
    two.put("build/job-1/memory.current", "900")
    two.put("build/job-1/memory.stat", "anon 500\ninactive_file 250\nactive_file 150")
    assert two.room == MemoryRoom(1000, 350)


def test_a_container_that_sees_only_itself_as_root(two: Groups) -> None:
    two.own.write_text("0::/../../elsewhere\n")
    two.put("cpu.max", "200000 100000")
    assert two.quota == 2.0


def test_what_a_quota_did_is_told_of_each_group_on_the_way_up(two: Groups) -> None:
    assert two.throttled == []
    two.put("build/job-1/cpu.max", "50000 100000")
    two.put("build/job-1/cpu.stat", "nr_periods 90\nnr_throttled 30\nthrottled_usec 1500000")
    two.put("build/cpu.max", "max 100000")
    two.put("build/cpu.stat", "nr_periods 90\nnr_throttled 7\nthrottled_usec 7")
    two.put("cpu.stat", "usage_usec 12")  # the true root has no quota, and says nothing of one
    assert two.throttled == [Throttling(30, 1_500_000_000, 100_000_000), None, None]


def test_a_group_that_was_never_throttled_says_so(two: Groups) -> None:
    two.put("build/job-1/cpu.max", "50000 20000")
    two.put("build/job-1/cpu.stat", "broken")
    assert two.throttled == [Throttling(0, 0, 20_000_000)]


def test_version_one_counts_throttling_in_nanoseconds(one: Groups) -> None:
    one.put("cpu,cpuacct/build/cpu.cfs_quota_us", "-1")
    one.put("cpu,cpuacct/build/cpu.cfs_period_us", "100000")
    one.put("cpu,cpuacct/build/cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_time 123456")
    assert one.throttled == [None]
    one.put("cpu,cpuacct/build/cpu.cfs_quota_us", "50000")
    assert one.throttled == [Throttling(3, 123456, 100_000_000)]


def test_version_one(one: Groups) -> None:
    assert (one.quota, one.room) == (None, None)
    one.put("cpu,cpuacct/build/cpu.cfs_quota_us", "-1")
    one.put("cpu,cpuacct/build/cpu.cfs_period_us", "100000")
    one.put("memory/build/memory.limit_in_bytes", "9223372036854771712")
    one.put("memory/build/memory.usage_in_bytes", "900")
    assert (one.quota, one.room) == (None, None)
    one.put("cpu,cpuacct/build/cpu.cfs_quota_us", "50000")
    one.put("memory/build/memory.limit_in_bytes", "1000")
    one.put("memory/build/memory.stat", "inactive_file 7\ntotal_inactive_file 200")
    assert (one.quota, one.room) == (0.5, MemoryRoom(1000, 300))


def test_version_one_in_a_container_that_is_named_otherwise_outside(one: Groups) -> None:
    one.own.write_text("4:memory:/docker/0123\n")
    one.put("memory/memory.limit_in_bytes", "1000")
    one.put("memory/memory.usage_in_bytes", "400")
    assert one.room == MemoryRoom(1000, 600)


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    nowhere = (tmp_path / "none", tmp_path / "neither")
    assert (cpu_quota(*nowhere), memory_room(*nowhere)) == (None, None)
