"""The generator's health in a window of several seconds: sums, and the worst of what has no sum."""

from __future__ import annotations

from dataclasses import fields

import pytest

from atlas_perf.aggregate.pulse import Pulse, WorkerPulse
from atlas_perf.model.batch import WorkerHealth
from atlas_perf.units import NS_PER_S

WORST_OF = {"loop_lag_max_ns", "gc_pause_max_ns", "open_files", "time_wait"}
SUMMED = {one.name for one in fields(WorkerPulse)} - WORST_OF


def health(start: int) -> WorkerHealth:
    """With another value for each number."""
    names = [one.name for one in fields(WorkerPulse) if one.name != "told_ns"]
    values = {name: start + number for number, name in enumerate(names)}
    return WorkerHealth(length_ns=start * 1000, **values)


@pytest.mark.parametrize("order", [(300, 500), (500, 300)])
def test_seconds_of_one_worker_are_summed_or_the_worst_of_them(order: tuple[int, int]) -> None:
    pulse = Pulse()
    for start in order:
        pulse.add(0, health(start))
    merged = pulse.by_worker[0]
    first, second = (WorkerPulse.of(health(start)) for start in order)
    for name in SUMMED:
        assert getattr(merged, name) == getattr(first, name) + getattr(second, name), name
    for name in WORST_OF:
        assert getattr(merged, name) == max(getattr(first, name), getattr(second, name)), name


def test_each_number_is_the_testimonys_own() -> None:
    told = health(300)
    pulse = WorkerPulse.of(told)
    assert pulse.told_ns == told.length_ns
    for name in {one.name for one in fields(WorkerPulse)} - {"told_ns"}:
        assert getattr(pulse, name) == getattr(told, name), name


def test_a_testimony_without_a_length_is_of_a_second() -> None:
    assert WorkerPulse.of(WorkerHealth(loop_cpu_ns=NS_PER_S // 2)).told_ns == NS_PER_S


def test_workers_stay_apart_when_windows_are_merged() -> None:
    one, other = Pulse(), Pulse()
    one.add(0, health(300))
    other.add(1, health(500))
    one.merge(other)
    assert one.by_worker == {
        0: WorkerPulse.of(health(300)),
        1: WorkerPulse.of(health(500)),
    }
