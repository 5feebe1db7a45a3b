"""The aggregator under the traffic of an API scenario, from encoded batches to windows."""

from __future__ import annotations

import random
from dataclasses import dataclass

from atlas_perf.aggregate.aggregator import Aggregator
from atlas_perf.model.batch import Batch, CounterDelta, Ledger, RateDelta, TrendDelta, WorkerHealth
from atlas_perf.model.metric import BUILTIN_METRICS
from atlas_perf.model.series import Selector, tags_of
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_S
from atlas_perf.wire.batch_codec import decode_batch, encode_batch
from atlas_perf.worker.recorder import Recorder
from benchmarks.measurement import Measurement, best_ns

WORKERS = 4
SECONDS = 10
REQUESTS_PER_S = 500  # of one worker
ENDPOINTS = tuple(
    (method, f"/api/v1/{noun}")
    for noun in ("health", "runs", "agents", "tasks", "tools", "messages")
    for method in ("GET", "POST")
)
FAILING_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Traffic:
    """What all workers sent: encoded batches in the order they arrive, first seconds first."""

    encoded: tuple[bytes, ...]
    samples: int


def measure() -> list[Measurement]:
    """Bytes per batch, and batches and samples a second."""
    traffic = api_traffic()
    batches = [decode_batch(data) for data in traffic.encoded]
    number = len(batches)
    steady = traffic.encoded[WORKERS:]
    encode_ns = best_ns(lambda: [encode_batch(batch) for batch in batches], number)
    decode_ns = best_ns(lambda: [decode_batch(data) for data in traffic.encoded], number)
    merge_ns = best_ns(lambda: aggregated(batches), number)
    both_ns = decode_ns + merge_ns
    aggregator = aggregated(batches)
    series = {new.series for batch in batches for new in batch.new_series}
    p95 = Selector("http_req_duration")
    return [
        Measurement("first batch", len(traffic.encoded[0]), "bytes", "names its series"),
        Measurement("later batch", sum(map(len, steady)) / len(steady), "bytes", _what(batches)),
        Measurement("encode a batch", encode_ns / 1000, "µs", "in a worker"),
        Measurement("decode a batch", decode_ns / 1000, "µs"),
        Measurement("merge a batch", merge_ns / 1000, "µs"),
        Measurement("batches", NS_PER_S / both_ns, "per s", "decoded and merged"),
        Measurement("samples", traffic.samples / number * NS_PER_S / both_ns, "per s"),
        Measurement("one total", best_ns(lambda: aggregator.total(p95), 1) / 1000, "µs", str(p95)),
        Measurement(
            "windows of a second",
            aggregator.history_bytes / SECONDS / len(series),
            "bytes",
            "per series, memory",
        ),
    ]


def aggregated(batches: list[Batch]) -> Aggregator:
    """All batches merged, and the newest second read once a second as the progress line does."""
    aggregator = Aggregator([], WORKERS)
    for position, batch in enumerate(batches):
        aggregator.merge(batch)
        if position % WORKERS == WORKERS - 1:
            aggregator.windows()
    return aggregator


def api_traffic() -> Traffic:
    """Requests to a dozen endpoints with two checks each; some of them fail."""
    chance = random.Random(1)
    recorders = [Recorder([]) for _ in range(WORKERS)]
    encoded = []
    samples = 0
    for second in range(SECONDS):
        for worker, recorder in enumerate(recorders):
            for _ in range(REQUESTS_PER_S):
                at_ns = second * NS_PER_S + chance.randrange(NS_PER_S)
                _record_request(recorder, chance, at_ns)
            batch = _closed(recorder, worker, second)
            samples += sum(map(_samples, batch.deltas))
            encoded.append(encode_batch(batch))
    return Traffic(tuple(encoded), samples)


def _record_request(recorder: Recorder, chance: random.Random, at_ns: int) -> None:
    method, name = chance.choice(ENDPOINTS)
    failed = chance.random() < FAILING_SHARE
    tags = {
        "proto": "HTTP/1.1",
        "method": method,
        "name": name,
        "url": name,
        "scenario": "default",
        "status": "503" if failed else "200",
        "expected_response": "false" if failed else "true",
    }
    waiting_ns = round(20e6 * chance.lognormvariate(0, 0.6))
    duration_ns = waiting_ns + 40_000
    recorder.http_series(tags_of(tags), failed).record(
        at_ns, duration_ns, 1_200, -1, -1, 15_000, waiting_ns, 25_000
    )
    for check in ("status is 200", "body is JSON"):
        of_check = tags_of({"check": f"{name}: {check}", "scenario": "default"})
        recorder.add(recorder.series(BUILTIN_METRICS["checks"], of_check), not failed, at_ns)
    for metric, amount in (("data_sent", 240), ("data_received", 1_900)):
        of_scenario = tags_of({"scenario": "default"})
        recorder.add(recorder.series(BUILTIN_METRICS[metric], of_scenario), amount, at_ns)


def _closed(recorder: Recorder, worker: int, second: int) -> Batch:
    closed = recorder.close_interval()
    return Batch(
        worker=worker,
        sequence=second,
        interval=second,
        new_series=closed.new_series,
        deltas=closed.deltas,
        ledger={"default": Ledger(second, second, 0, second, 0, 0)},
        health=WorkerHealth(1_500_000, 400_000_000, 80_000_000, 200_000, 0, 0),
    )


def _samples(delta: object) -> int:
    match delta:
        case CounterDelta(samples=samples) | RateDelta(samples=samples):
            return samples
        case TrendDelta(sketch=blob):
            return Sketch.from_bytes(blob).count
    return 1


def _what(batches: list[Batch]) -> str:
    return f"{len(batches[-1].deltas)} series, {REQUESTS_PER_S} requests"
