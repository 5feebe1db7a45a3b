"""Service latencies are seeded and independent of each other."""

from __future__ import annotations

import math
import time
from pathlib import Path
from statistics import median

import pytest

from atlas_perf.errors import UsageError
from atlas_perf.target.latency import (
    HEALTHY,
    MAX_MS,
    Bimodal,
    Fixed,
    HeavyTail,
    Lognormal,
    read_models,
    service_latency,
)


@pytest.mark.parametrize("operation", HEALTHY)
def test_half_of_the_answers_come_within_the_median(operation: str) -> None:
    draw = service_latency(operation, seed=1, scale=2.0)
    seconds = [draw() for _ in range(1000)]
    model = HEALTHY[operation]
    tolerance = 5 * 1.25 * model.sigma / math.sqrt(len(seconds))
    assert median(seconds) == pytest.approx(2 * model.median_ms / 1000, rel=tolerance)


def test_operations_draw_from_streams_of_their_own() -> None:
    def draws(operation: str, seed: int) -> list[float]:
        draw = service_latency(operation, seed=seed, scale=1.0)
        return [draw() / HEALTHY[operation].median_ms for _ in range(5)]

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


def drawn_ms(model, count: int = 20_000) -> list[float]:
    draw = service_latency("runs.list", seed=3, scale=1.0, models={"runs.list": model})
    return sorted(draw() * 1000 for _ in range(count))


def test_a_fixed_latency_is_always_the_same() -> None:
    assert set(drawn_ms(Fixed(7.5), 50)) == {7.5}


def test_a_bimodal_latency_is_slow_in_its_share() -> None:
    values = drawn_ms(Bimodal(5, 5000, slow_share=0.1))
    slow = sum(value > 500 for value in values)
    assert slow == pytest.approx(2000, abs=5 * math.sqrt(20_000 * 0.1 * 0.9))
    assert median(values[: len(values) - slow]) == pytest.approx(5, rel=0.05)


def test_a_heavy_tail_is_a_pareto() -> None:
    values = drawn_ms(HeavyTail(2, alpha=2.0, most_ms=150))
    assert min(values) >= 2
    for times in (2, 4, 8):
        share = sum(value > 2 * times for value in values) / len(values)
        assert share == pytest.approx(times**-2, rel=0.15)
    assert max(values) == 150


def test_no_latency_is_longer_than_ten_minutes() -> None:
    assert set(drawn_ms(HeavyTail(MAX_MS, alpha=0.01), 20)) == {MAX_MS}


def test_a_file_replaces_rows_of_the_table(tmp_path) -> None:
    file = tmp_path / "slow.toml"
    file.write_text(
        '"runs.list" = {shape = "bimodal", fast_median_ms = 5, slow_median_ms = 80.5, '
        "slow_share = 0.1}\n[health]\nshape = 'fixed'\nms = 0\n"
    )
    assert read_models(file) == {
        **HEALTHY,
        "runs.list": Bimodal(5, 80.5, 0.1),
        "health": Fixed(0),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("health = ", "is not TOML"),
        ("cooking = {shape = 'fixed', ms = 1}", "'cooking' is no operation; there are health"),
        ("health = 3", "needs a shape"),
        ("health = {shape = 'normal'}", "one of fixed, lognormal, bimodal, heavy-tail"),
        ("health = {shape = 'fixed', median_ms = 1}", "has median_ms; fixed takes ms"),
        ("health = {shape = 'bimodal', slow_share = 0.1}", "also takes fast_median_ms"),
        ("health = {shape = 'fixed', ms = -1}", "ms must be a number from 0 to 600000, not -1"),
        ("health = {shape = 'fixed', ms = nan}", "not nan"),
        ("health = {shape = 'fixed', ms = true}", "not True"),
        ("health = {shape = 'heavy-tail', least_ms = 1, alpha = 0}", "alpha must be"),
        (
            "health = {shape='bimodal', fast_median_ms=1, slow_median_ms=2, slow_share=2}",
            "slow_share must be a number from 0 to 1, not 2",
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name(tmp_path, text: str, words: str) -> None:
    file = tmp_path / "slow.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refusal:
        read_models(file)
    assert words in str(refusal.value)
    assert str(file) in str(refusal.value)


def test_a_file_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_models(tmp_path / "none.toml")


async def test_a_target_of_other_models_answers_by_them(start_target) -> None:
    models = {**HEALTHY, "health": Fixed(30)}
    target = await start_target(latency_scale=1.0, latencies=models)
    began_s = time.monotonic()
    async with target.get("/actuator/health"):
        assert time.monotonic() - began_s > 0.028
    assert isinstance(HEALTHY["health"], Lognormal)


def test_the_documented_example_is_a_file_of_models(tmp_path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "target.md").read_text()
    file = tmp_path / "example.toml"
    file.write_text(page.partition("```toml\n")[2].partition("```")[0])
    models = read_models(file)
    assert models["runs.list"] == Bimodal(5, 80, 0.1)
    assert models["runs.create"] == HeavyTail(6, alpha=1.5)
