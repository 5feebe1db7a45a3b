"""What `--processes auto` counts."""

from __future__ import annotations

import os

import pytest

from atlas_perf.cli import cores


@pytest.mark.parametrize(
    ("quota", "available", "expected"), [(3.5, 8, 3), (0.5, 8, 1), (9.0, 2, 2), (None, 5, 5)]
)
def test_the_least_of_affinity_and_quota_at_least_one(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, available: int, expected: int
) -> None:
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(available)), raising=False)
    assert cores.usable_cores() == expected
