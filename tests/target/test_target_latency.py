"""Service latencies are seeded and independent of each other."""

from __future__ import annotations

import math
import time
from statistics import median

import pytest

from atlas_perf.target.latency import MEDIAN_MS, SPREAD, service_latency


@pytest.mark.parametrize("operation", MEDIAN_MS)
def test_half_of_the_answers_come_within_the_median(operation: str) -> None:
    draw = service_latency(operation, seed=1, scale=2.0)
    seconds = [draw() for _ in range(1000)]
    tolerance = 5 * 1.25 * SPREAD / math.sqrt(len(seconds))
    assert median(seconds) == pytest.approx(2 * MEDIAN_MS[operation] / 1000, rel=tolerance)


def test_operations_draw_from_streams_of_their_own() -> None:
    def draws(operation: str, seed: int) -> list[float]:
        draw = service_latency(operation, seed=seed, scale=1.0)
        return [draw() / MEDIAN_MS[operation] for _ in range(5)]

    assert draws("runs.list", 1) == draws("runs.list", 1)
    assert draws("runs.list", 1) != pytest.approx(draws("runs.list", 2))
    assert draws("runs.list", 1) != pytest.approx(draws("runs.read", 1))


def test_scale_zero_answers_without_delay() -> None:
    assert service_latency("runs.list", seed=1, scale=0)() == 0.0


@pytest.mark.parametrize("path", ["/api/runs/never", "/api/runs/run-00000001"])
async def test_an_answer_takes_its_service_latency_refused_or_not(
    start_target, run_order, path: str
) -> None:
    target = await start_target(seed=5, latency_scale=10.0)
    async with target.post("/api/runs", json=run_order) as answer:
        assert answer.status == 201
    expected_s = service_latency("runs.read", seed=5, scale=10.0)()
    began_s = time.monotonic()
    async with target.get(path):
        elapsed_s = time.monotonic() - began_s
    assert elapsed_s > expected_s - 0.002  # a loop's timer may fire a millisecond early
