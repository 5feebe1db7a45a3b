"""`--out prometheus-rw=URL`: Prometheus remote write 1.0, with native histograms.

Each period all series are sent with their totals, dated at its end: none goes stale while the run
goes on. Before the first value of a total stands a zero, at the period's begin: `rate()` and
`increase()` see only what comes after a series' first value. Histograms go in requests of their
own, since a server that does not take them refuses the whole request; they are left out from then
on, which is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cramjam

from atlas_perf.outputs.courier import Undelivered
from atlas_perf.outputs.http_post import HttpPost
from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.outputs.prometheus_messages import WriteRequest, fill_written
from atlas_perf.outputs.prometheus_series import SeriesLabels, histograms, numbers, stats_of
from atlas_perf.outputs.totals import Totals
from atlas_perf.sketch.ddsketch import Sketch
from atlas_perf.units import NS_PER_MS

_MOST_SERIES = 2_000  # in one request
_NO_HISTOGRAMS = "native histograms"  # are disabled


class _Histograms(bytes):
    """A payload of histograms alone."""


class RemoteWrite:
    """A receiver of remote write.

    Raises:
        UsageError: the URL or a variable cannot be used.
    """

    kind = "prometheus-rw"

    def __init__(self, url: str, variables: Mapping[str, str]) -> None:
        self._http = HttpPost(
            self.kind,
            url,
            usual_path="/api/v1/write",
            fixed_headers={
                "Content-Type": "application/x-protobuf",
                "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            },
            variables=variables,
        )
        self.shown = self._http.shown
        self._stats = stats_of(variables)
        self._zero_unix_ns = 0
        self._begin_ms = 0  # of the next period
        self._totals = Totals()
        self._samples = _Requests()
        self._histograms = _Requests()
        self._takes_histograms = True

    def open(self, zero_unix_ns: int) -> None:
        self._zero_unix_ns = zero_unix_ns
        self._begin_ms = zero_unix_ns // NS_PER_MS

    def encode(self, period: Period) -> Sequence[bytes]:
        self._totals.absorb(period)
        end_ms = (self._zero_unix_ns + period.end_ns) // NS_PER_MS
        payloads: list[bytes] = self._filled_samples(end_ms)
        if self._takes_histograms:
            payloads += map(_Histograms, self._filled_histograms(end_ms))
        self._begin_ms = end_ms
        return payloads

    def send(self, payload: bytes) -> None:
        if isinstance(payload, _Histograms) and not self._takes_histograms:
            return
        try:
            self._http.post(payload)
        except Undelivered as refused:
            if not (isinstance(payload, _Histograms) and _NO_HISTOGRAMS in str(refused)):
                raise
            self._takes_histograms = False

    def close(self) -> str:
        self._http.close()
        if self._takes_histograms:
            return ""
        return "histograms were left out, since the server takes no native ones"

    def _filled_samples(self, end_ms: int) -> list[bytes]:
        begun = []
        for one in numbers(self._totals, self._stats):
            points = self._samples.of(one.name, one.series).samples
            if not points:
                if one.kind == "counter":
                    points.add(timestamp=self._begin_ms)
                    begun.append(points)
                points.add()
            points[-1].value, points[-1].timestamp = one.value, end_ms
        return self._samples.packed_with_zeros(begun)

    def _filled_histograms(self, end_ms: int) -> list[bytes]:
        begun = []
        for name, series, sketch, unit in histograms(self._totals):
            points = self._histograms.of(name, series).histograms
            if not points:
                fill_written(points.add(), Sketch(), unit, self._begin_ms)
                begun.append(points)
                points.add()
            fill_written(points[-1], sketch, unit, end_ms)
        return self._histograms.packed_with_zeros(begun)


class _Requests:
    """Requests that are filled anew each period: series keep their place and their labels."""

    def __init__(self) -> None:
        self._requests: list[Any] = []
        self._known: dict[tuple[str, OutputSeries], Any] = {}
        self._labels = SeriesLabels()

    def of(self, name: str, series: OutputSeries) -> Any:
        """The `TimeSeries` under this name."""
        known = self._known.get((name, series))
        if known is None:
            if not self._requests or len(self._requests[-1].timeseries) >= _MOST_SERIES:
                self._requests.append(WriteRequest())
            known = self._requests[-1].timeseries.add()
            for key, value in sorted([("__name__", name), *self._labels.of(name, series)]):
                known.labels.add(name=key, value=value)
            self._known[name, series] = known
        return known

    def packed_with_zeros(self, begun: Sequence[Any]) -> list[bytes]:
        """All requests; points that have begun lose their zero, which is sent but once."""
        packed = [
            bytes(cramjam.snappy.compress_raw(request.SerializeToString()))
            for request in self._requests
        ]
        for points in begun:
            del points[0]
        return packed
