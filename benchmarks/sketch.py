"""The sketch beside the `ddsketch` package, on the same values in the same process."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable

from ddsketch import DDSketch

from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import tags_of
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.worker.recorder import Recorder
from benchmarks.measurement import Measurement, best_ns

VALUES = 50_000
MERGES = 200
SAMPLES_PER_REQUEST = 7  # kept alive: no connect, no TLS


def latencies_ns(count: int) -> list[float]:
    """Around 20 ms, log-normal with a spread of 0.6; the same values in every run."""
    chance = random.Random(1)
    return [20e6 * chance.lognormvariate(0, 0.6) for _ in range(count)]


def measure() -> list[Measurement]:
    """Add, merge, quantile and encode, as costs and as ratios to the reference package."""
    values = latencies_ns(VALUES)
    ours, theirs = Sketch(), DDSketch(0.01)
    ours.add_many(array("d", values))
    for value in values:
        theirs.add(value)
    return [*_adding(values), *_merging(ours, theirs), *_encoding(ours), *_recording()]


def _adding(values: list[float]) -> list[Measurement]:
    buffer = array("d", values)
    theirs_ns = best_ns(_one_by_one(lambda: DDSketch(0.01).add, values), VALUES)
    called_ns = best_ns(_one_by_one(lambda: Sketch().add, values), VALUES)
    looped_ns = best_ns(lambda: Sketch().add_many(buffer), VALUES)
    return [
        Measurement("add: ddsketch", theirs_ns, "ns", "one Python call each"),
        Measurement("add: Sketch.add", called_ns, "ns", "one Python call each"),
        Measurement("add: Sketch.add_many", looped_ns, "ns", "the loop in C"),
        Measurement("add: faster by a call", theirs_ns / called_ns, "×"),
        Measurement("add: faster in C", theirs_ns / looped_ns, "×"),
    ]


def _one_by_one(
    fresh_add: Callable[[], Callable[[float], object]], values: list[float]
) -> Callable[[], None]:
    def work() -> None:
        add = fresh_add()
        for value in values:
            add(value)

    return work


def _merging(ours: Sketch, theirs: DDSketch) -> list[Measurement]:
    our_total, their_total = ours.copy(), DDSketch(0.01)
    their_total.merge(theirs)

    def merge_ours() -> None:
        for _ in range(MERGES):
            our_total.merge(ours)

    def merge_theirs() -> None:
        for _ in range(MERGES):
            their_total.merge(theirs)

    ours_ns, theirs_ns = best_ns(merge_ours, MERGES), best_ns(merge_theirs, MERGES)
    bins = f"{len(ours.bins())} bins"
    return [
        Measurement("merge: ddsketch", theirs_ns, "ns", bins),
        Measurement("merge: Sketch", ours_ns, "ns", bins),
        Measurement("merge: faster", theirs_ns / ours_ns, "×"),
    ]


def _encoding(sketch: Sketch) -> list[Measurement]:
    blob = sketch.to_bytes()
    second = Sketch()
    second.add_many(array("d", latencies_ns(100)))
    return [
        Measurement("quantile", best_ns(lambda: sketch.quantile(0.95), 1), "ns"),
        Measurement("to_bytes", best_ns(sketch.to_bytes, 1), "ns"),
        Measurement("from_bytes", best_ns(lambda: Sketch.from_bytes(blob), 1), "ns"),
        Measurement(f"size of {VALUES:,} values", len(blob), "bytes"),
        Measurement("size of 100 values", len(second.to_bytes()), "bytes"),
    ]


def _recording() -> list[Measurement]:
    requests = 10_000
    recorder = Recorder([])
    tags = tags_of({"method": "GET", "name": "/api/runs", "expected_response": "true"})
    http = recorder.http_series(tags, False)
    number = recorder.series(BUILTIN_METRICS["iteration_duration"], tags)

    def record_requests() -> None:
        record = http.record
        for at_ns in range(requests):
            record(at_ns, 21_345_678, 900, -1, -1, 11_000, 21_000_000, 334_678)

    def add_samples() -> None:
        add = recorder.add
        for at_ns in range(requests):
            add(number, 21_345_678.0, at_ns)

    request_ns = best_ns(record_requests, requests)
    return [
        Measurement("recorder: one request", request_ns, "ns", f"{SAMPLES_PER_REQUEST} samples"),
        Measurement("recorder: of that a sample", request_ns / SAMPLES_PER_REQUEST, "ns"),
        Measurement("recorder: one sample", best_ns(add_samples, requests), "ns", "Recorder.add"),
    ]
