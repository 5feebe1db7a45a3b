"""What live outputs cost beside the coordinator: a second of an API scenario, until it is encoded.

Nothing is sent. All series are encoded each second, those of the run so far by the outputs that
send totals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.outputs.courier import Receiver
from atlas_perf.outputs.influxdb import InfluxServer
from atlas_perf.outputs.open_telemetry import OpenTelemetry
from atlas_perf.outputs.period import Period
from atlas_perf.outputs.periods import Periods
from atlas_perf.outputs.remote_write import RemoteWrite
from atlas_perf.outputs.statsd import StatsdReceiver
from atlas_perf.wire.batch_codec import decode_batch
from benchmarks.aggregator import SECONDS, WORKERS, api_traffic
from benchmarks.measurement import Measurement, best_ns

Names = dict[int, dict[int, NewSeries]]
"""What each worker calls its series."""

_URL = "http://127.0.0.1/"

RECEIVERS: dict[str, Callable[[], Receiver]] = {
    "prometheus-rw": lambda: RemoteWrite(_URL, {}),
    "opentelemetry": lambda: OpenTelemetry(_URL, {}),
    "influxdb": lambda: InfluxServer(_URL, {}),
    "dogstatsd": lambda: StatsdReceiver("dogstatsd", "127.0.0.1", tagged=True),
}


def measure() -> list[Measurement]:
    """Time and bytes of a second, for each output that has an encoding of its own."""
    batches = [decode_batch(data) for data in api_traffic().encoded]
    names: Names = {}
    for one in batches:
        names.setdefault(one.worker, {}).update({new.number: new for new in one.new_series})
    periods = collected(batches, names)
    series = {each for period in periods for each in (*period.counters, *period.trends)}
    note = f"of {len(series)} series, {WORKERS} workers"
    collect_ns = best_ns(lambda: collected(batches, names), SECONDS)
    figures = [Measurement("collect a second", collect_ns / 1e6, "ms", note)]
    for name, make in RECEIVERS.items():
        whole_ns = best_ns(partial(collected_and_encoded, batches, names, make), SECONDS)
        size = collected_and_encoded(batches, names, make) / SECONDS
        encode_ms = (whole_ns - collect_ns) / 1e6
        figures += [
            Measurement(f"encode a second: {name}", encode_ms, "ms"),
            Measurement(f"{name}, a second", size, "bytes"),
        ]
    return figures


def collected(batches: list[Batch], names: Names) -> list[Period]:
    """All periods of the run."""
    periods = Periods(WORKERS, 1)
    for batch in batches:
        periods.add(batch, names[batch.worker].__getitem__)
    return list(periods.rest())


def collected_and_encoded(batches: list[Batch], names: Names, make: Callable[[], Receiver]) -> int:
    """Bytes of all payloads."""
    receiver = make()
    receiver.open(0)
    payloads = [receiver.encode(period) for period in collected(batches, names)]
    receiver.close()
    return sum(len(payload) for of_period in payloads for payload in of_period)
