"""What `--processes auto` counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from atlas_perf.cli import cores


@pytest.fixture
def cgroup(tmp_path: Path) -> Path:
    (tmp_path / "own").write_text("0::/build/job-1\n")
    (tmp_path / "root/build/job-1").mkdir(parents=True)
    return tmp_path


def quota(cgroup: Path) -> float | None:
    return cores.cgroup_cores(cgroup / "root", cgroup / "own")


def test_without_a_quota_there_is_no_limit(cgroup: Path) -> None:
    assert quota(cgroup) is None
    (cgroup / "root/build/job-1/cpu.max").write_text("max 100000\n")
    assert quota(cgroup) is None


def test_the_narrowest_quota_on_the_way_up_counts(cgroup: Path) -> None:
    (cgroup / "root/build/job-1/cpu.max").write_text("400000 100000\n")
    assert quota(cgroup) == 4.0
    (cgroup / "root/build/cpu.max").write_text("150000 100000\n")
    assert quota(cgroup) == 1.5


def test_a_container_that_sees_only_itself_as_root(cgroup: Path) -> None:
    (cgroup / "own").write_text("0::/../../elsewhere\n")
    (cgroup / "root/cpu.max").write_text("200000 100000\n")
    assert quota(cgroup) == 2.0


def test_a_system_without_cgroups(tmp_path: Path) -> None:
    assert cores.cgroup_cores(tmp_path / "none", tmp_path / "neither") is None


@pytest.mark.parametrize(
    ("quota_text", "available", "expected"),
    [("350000 100000", 8, 3), ("50000 100000", 8, 1), ("900000 100000", 2, 2), ("max 1", 5, 5)],
)
def test_the_least_of_affinity_and_quota_at_least_one(
    cgroup: Path,
    monkeypatch: pytest.MonkeyPatch,
    quota_text: str,
    available: int,
    expected: int,
) -> None:
    (cgroup / "root/build/job-1/cpu.max").write_text(quota_text)
    monkeypatch.setattr(cores, "CGROUP_ROOT", cgroup / "root")
    monkeypatch.setattr(cores, "OWN_CGROUP", cgroup / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(available)), raising=False)
    assert cores.usable_cores() == expected
