"""What a run keeps for a later comparison: the right samples, in windows, and no more."""

from __future__ import annotations

import pytest

from atlas_perf.clock import WallAnchor
from atlas_perf.model.batch import Batch, Delta, NewSeries, RateDelta, TrendDelta
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.plan import ConstantVUs, ScenarioPlan, TestPlan, ThresholdPlan
from atlas_perf.model.run_sketches import MOST_WINDOWS, RunSketches
from atlas_perf.model.series import Series, tags_of
from atlas_perf.outputs.kept_sketches import MOST_ENDPOINTS, MOST_SLICES, KeptSketches
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.run_sketches_codec import encode_run_sketches

A, FAILED_A, RATE_A, CUT_OFF, B = range(5)
OF_A = {"name": "a", "scenario": "s"}


def sketch(*values: float) -> bytes:
    made = Sketch()
    for value in values:
        made.add(value)
    return made.to_bytes()


def named(phase: str | None) -> list[Series]:
    rest = {} if phase is None else {"phase": phase}
    return [
        Series("http_req_duration", tags_of({**OF_A, **rest, "expected_response": "true"})),
        Series("http_req_duration", tags_of({**OF_A, **rest, "expected_response": "false"})),
        Series("http_req_failed", tags_of({**OF_A, **rest})),
        Series("http_req_duration", tags_of({**OF_A, **rest, "expected_response": "unknown"})),
        Series(
            "http_req_duration",
            tags_of({"name": "b", "scenario": "s", **rest, "expected_response": "true"}),
        ),
    ]


class Feeding:
    def __init__(
        self,
        *,
        warm_up_s: int = 0,
        excluded: bool = True,
        thresholds: tuple[ThresholdPlan, ...] = (),
    ) -> None:
        executor = ConstantVUs(1, 1000 * NS_PER_S)
        scenario = ScenarioPlan("s", executor, warm_up_ns=warm_up_s * NS_PER_S)
        self.output = KeptSketches()
        plan = TestPlan(
            "a", "a.py", "", (scenario,), thresholds=thresholds, exclude_warm_up=excluded
        )
        self.output.start(plan, WallAnchor.now(), 0)
        phases = ("steady", "warm-up") if warm_up_s else (None,)
        self.series = [series for phase in phases for series in named(phase)]

    def feed(self, second: int, *deltas: Delta, worker: int = 0) -> None:
        def resolve(number: int) -> NewSeries:
            series = self.series[number]
            return NewSeries(number, BUILTIN_METRICS[series.metric], series)

        self.output.on_batch(Batch(worker, second, second, deltas=deltas), resolve)

    def kept(self) -> RunSketches:
        assert self.output.close() is None
        return self.output.kept()


def counts(kept: RunSketches, selector: str) -> list[int]:
    (found,) = (one for one in kept.trends if one.selector == selector)
    return [Sketch.from_bytes(one).count for one in found.windows]


def test_metrics_and_endpoints_are_kept_without_failures_and_with_what_was_cut_off() -> None:
    feeding = Feeding()
    for second in range(12):
        for worker in range(2):
            feeding.feed(
                second,
                TrendDelta(A, sketch(5.0, 6.0)),
                TrendDelta(FAILED_A, sketch(1e9)),
                RateDelta(RATE_A, 1, 3),
                TrendDelta(CUT_OFF, sketch(7.0)),
                TrendDelta(B, sketch(9.0)),
                worker=worker,
            )
    kept = feeding.kept()
    assert kept.phase == ""
    assert kept.window_s == (2,) * MOST_WINDOWS
    assert counts(kept, "http_req_duration") == [12] * MOST_WINDOWS
    assert counts(kept, "http_req_duration{name:a,scenario:s}") == [8] * MOST_WINDOWS
    assert counts(kept, "http_req_duration{name:b,scenario:s}") == [4] * MOST_WINDOWS
    assert [one.censored for one in kept.trends] == [24, 24, 0]
    assert [(one.selector, one.windows) for one in kept.rates] == [
        ("http_req_failed", ((4, 12),) * MOST_WINDOWS)
    ]


@pytest.mark.parametrize("excluded", [True, False])
def test_of_a_plan_with_phases_only_the_steady_one_is_kept(excluded: bool) -> None:
    feeding = Feeding(warm_up_s=10, excluded=excluded)
    for second in range(10):
        feeding.feed(second, TrendDelta(5 + A, sketch(1e9)))
    for second in range(10, 16):
        feeding.feed(second, TrendDelta(A, sketch(5.0)))
    kept = feeding.kept()
    assert kept.phase == "steady"
    assert kept.window_s == (1,) * 6  # counted from the first second of it
    assert counts(kept, "http_req_duration") == [1] * 6


def test_what_thresholds_select_is_kept_too_without_their_phase() -> None:
    thresholds = (
        ThresholdPlan("http_req_duration{name:a,phase:steady}", "p(95)<1"),
        ThresholdPlan("http_req_failed{scenario:s}", "rate<1"),
        ThresholdPlan("http_req_duration{name:missing}", "p(95)<1"),
    )
    feeding = Feeding(thresholds=thresholds)
    feeding.feed(0, TrendDelta(A, sketch(5.0)), RateDelta(RATE_A, 0, 1))
    kept = feeding.kept()
    assert [one.selector for one in kept.trends] == [
        "http_req_duration",
        "http_req_duration{name:a}",
        "http_req_duration{name:a,scenario:s}",
    ]
    assert [one.selector for one in kept.rates] == [
        "http_req_failed",
        "http_req_failed{scenario:s}",
    ]


@pytest.mark.parametrize("length_s", [1, 5, 47, 48, 49, 500, 3600])
def test_a_run_of_any_length_is_a_few_windows_of_nearly_one_length(length_s: int) -> None:
    feeding = Feeding()
    for second in range(length_s):
        feeding.feed(second, TrendDelta(A, sketch(5.0)), RateDelta(RATE_A, 1, 2))
    kept = feeding.kept()
    assert sum(counts(kept, "http_req_duration")) == length_s
    assert sum(one[1] for one in kept.rates[0].windows) == 2 * length_s
    assert len(kept.window_s) == min(length_s, MOST_WINDOWS)
    assert max(kept.window_s) - min(kept.window_s) <= max(1, 2 * length_s // (MOST_SLICES // 2))
    assert length_s <= sum(kept.window_s) < length_s + 2 * length_s / (MOST_SLICES // 2) + 1


def test_a_run_without_samples_keeps_nothing() -> None:
    assert Feeding().kept() == RunSketches("", ())


def test_names_that_never_end_do_not_fill_the_memory() -> None:
    feeding = Feeding()
    tags = {"scenario": "s", "expected_response": "true"}
    feeding.series = [
        Series("http_req_duration", tags_of({**tags, "name": str(number)}))
        for number in range(MOST_ENDPOINTS + 50)
    ]
    for number in range(len(feeding.series)):
        feeding.feed(0, TrendDelta(number, sketch(5.0)))
    kept = feeding.kept()
    assert len(kept.trends) == 1 + MOST_ENDPOINTS
    assert counts(kept, "http_req_duration") == [MOST_ENDPOINTS + 50]


def test_a_secret_in_a_name_is_hidden() -> None:
    feeding = Feeding()
    feeding.feed(0, TrendDelta(A, sketch(5.0)))
    kept = feeding.output.kept(lambda text: text.replace("name:a", "name:***"))
    assert b"name:a" not in encode_run_sketches(kept)
    assert b"name:***" in encode_run_sketches(kept)
