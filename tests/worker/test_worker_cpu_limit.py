"""How long a CPU limit held the worker back, from a made-up tree of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from atlas_perf import cgroups
from atlas_perf.worker.cpu_limit import CpuLimit

MS = 1_000_000


class Groups:
    """A group inside another, both with a quota, and what the kernel would say of them."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.inner = self.root / "pod/generator"
        self.inner.mkdir(parents=True)
        self.own = folder / "own"
        self.own.write_text("0::/pod/generator\n")
        for group in (self.inner, self.inner.parent):
            (group / "cpu.max").write_text("50000 100000\n")
            self.throttle(group, 0, 0)

    def throttle(self, group: Path, periods: int, held_ms: int) -> None:
        (group / "cpu.stat").write_text(
            f"usage_usec 1\nnr_periods 99\nnr_throttled {periods}\nthrottled_usec {held_ms}000\n"
        )


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Groups:
    made = Groups(tmp_path)
    monkeypatch.setattr(cgroups, "CGROUP_ROOT", made.root)
    monkeypatch.setattr(cgroups, "OWN_CGROUP", made.own)
    return made


def test_each_second_has_what_came_since_the_last(groups: Groups) -> None:
    groups.throttle(groups.inner, 7, 400)
    limit = CpuLimit()
    limit.begin()
    groups.throttle(groups.inner, 9, 480)
    assert limit.take_ns() == 80 * MS
    assert limit.take_ns() == 0
    groups.throttle(groups.inner, 10, 530)
    assert limit.take_ns() == 50 * MS


def test_cpus_that_were_held_together_are_no_longer_than_the_periods(groups: Groups) -> None:
    limit = CpuLimit()
    limit.begin()
    groups.throttle(groups.inner, 2, 16 * 90 * 2)
    assert limit.take_ns() == 200 * MS


def test_the_group_that_was_held_longest_counts(groups: Groups) -> None:
    limit = CpuLimit()
    limit.begin()
    groups.throttle(groups.inner, 1, 30)
    groups.throttle(groups.inner.parent, 2, 70)
    assert limit.take_ns() == 70 * MS


def test_a_limit_that_is_set_or_lifted_meanwhile_counts_from_then(groups: Groups) -> None:
    (groups.inner / "cpu.max").write_text("max 100000\n")
    limit = CpuLimit()
    limit.begin()
    (groups.inner / "cpu.max").write_text("50000 100000\n")
    groups.throttle(groups.inner, 40, 4000)
    assert limit.take_ns() == 0
    groups.throttle(groups.inner, 41, 4090)
    assert limit.take_ns() == 90 * MS


def test_without_control_groups_nothing_was_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "CGROUP_ROOT", tmp_path / "none")
    monkeypatch.setattr(cgroups, "OWN_CGROUP", tmp_path / "neither")
    limit = CpuLimit()
    limit.begin()
    assert limit.take_ns() == 0
