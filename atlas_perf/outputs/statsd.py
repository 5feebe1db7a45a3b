"""`--out statsd=HOST:PORT` and `--out dogstatsd=HOST:PORT`: UDP packets, once a period.

    k6.http_reqs:12|c                    k6.http_reqs:7|c|#method:GET,status:200
    k6.http_req_duration.p95:12.3|g      k6.http_req_failed.samples:12|c

Of a trend go its statistics in the period, as gauges: a server could not weigh single values. Plain
StatsD has no tags, so there all series of a metric are one, as a threshold without tags means it.
UDP is not answered: what was sent may still be lost on its way.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from atlas_perf.errors import UsageError
from atlas_perf.model.metric import AcrossWorkers, Metric
from atlas_perf.model.series import Selector, Series
from atlas_perf.outputs.courier import Undelivered
from atlas_perf.outputs.distinct import DUPLICATE, Distinct
from atlas_perf.outputs.host_port import host_and_port
from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.outputs.trend_values import PERIOD_STATS, in_milliseconds

_PACKET_BYTES = 1_400  # in one Ethernet frame, as the protocol's authors advise
_PREFIX = "k6."
_SPECIAL = re.compile(r"[:|@#,\s\x00-\x1f\x7f]")


class StatsdReceiver:
    """A StatsD server.

    Args:
        tagged: send tags as DogStatsD does.

    Raises:
        UsageError: the address cannot be used.
    """

    def __init__(self, kind: str, target: str, *, tagged: bool) -> None:
        host, port = host_and_port(kind, target, usual_port=8125)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"--out {kind}: {host} has no address: {reason}") from None
        self.kind = kind
        self.shown = f"{host}:{port}"
        self._tagged = tagged
        self._family: socket.AddressFamily = found[0][0]
        self._address: Any = found[0][4]
        self._socket: socket.socket | None = None
        self._tails: dict[OutputSeries, str] = {}
        self._distinct = Distinct()
        self._whole: dict[str, OutputSeries] = {}

    def open(self, zero_unix_ns: int) -> None:  # noqa: ARG002 - as all
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.settimeout(1.0)

    def encode(self, period: Period) -> Sequence[bytes]:
        shown = period if self._tagged else self._without_tags(period)
        packets: list[bytes] = []
        packet = b""
        for line in self._lines(shown):
            if packet and len(packet) + len(line) + 1 > _PACKET_BYTES:
                packets.append(packet)
                packet = b""
            packet = packet + b"\n" + line if packet else line
        return [*packets, packet] if packet else packets

    def send(self, payload: bytes) -> None:
        assert self._socket is not None, "it was opened"
        try:
            # Connected, so that the system tells of a port that nobody listens on.
            self._socket.connect(self._address)
            self._socket.send(payload)
        except OSError as error:
            passing = error.errno != errno.EMSGSIZE  # a series of very many tags
            raise Undelivered(error.strerror or str(error), passing=passing) from None

    def close(self) -> str:
        if self._socket is not None:
            self._socket.close()
        return "UDP does not tell what was lost on the way"

    def _without_tags(self, period: Period) -> Period:
        whole = Period(period.end_ns, period.seconds)
        for series, amount in period.counters.items():
            whole.count(self._whole_of(series), amount)
        for series, (passes, samples) in period.rates.items():
            whole.tally(self._whole_of(series), passes, samples)
        for series, (at_ns, level) in period.gauges.items():
            one = self._whole_of(series)
            if one in whole.gauges:
                before_ns, before = whole.gauges[one]
                whole.gauges[one] = (before_ns, _together(series, before, level))
            else:
                whole.gauges[one] = (at_ns, level)
        for series, sketch in period.trends.items():
            name = series.metric.name
            if Selector(name).matches(Series(name, series.tags)):
                whole.spread(self._whole_of(series), sketch)
        return whole

    def _whole_of(self, series: OutputSeries) -> OutputSeries:
        return self._whole.setdefault(series.metric.name, OutputSeries(series.metric, ()))

    def _lines(self, period: Period) -> Iterator[bytes]:
        for series, amount in period.counters.items():
            yield self._line(series, "", in_milliseconds(series.metric, amount), "c")
        for series, (_, level) in period.gauges.items():
            yield from self._gauge(series, "", in_milliseconds(series.metric, level))
        for series, (passes, samples) in period.rates.items():
            yield self._line(series, ".passes", passes, "c")
            yield self._line(series, ".samples", samples, "c")
        for series, sketch in period.trends.items():
            if sketch.count:
                yield self._line(series, ".count", sketch.count, "c")
                for name, read in PERIOD_STATS.items():
                    value = in_milliseconds(series.metric, read(sketch))
                    yield from self._gauge(series, f".{name}", value)

    def _gauge(self, series: OutputSeries, suffix: str, value: float) -> Iterator[bytes]:
        if value < 0:  # a sign means a change, so that a negative level is set from zero
            yield self._line(series, suffix, 0, "g")
        yield self._line(series, suffix, value, "g")

    def _line(self, series: OutputSeries, suffix: str, value: float, kind: str) -> bytes:
        number = format(value, ".10g") if isinstance(value, float) else str(value)
        text = f"{_PREFIX}{_clean_name(series.metric)}{suffix}:{number}|{kind}{self._tail(series)}"
        return text.encode()

    def _tail(self, series: OutputSeries) -> str:
        if not self._tagged or not series.tags:
            return ""
        tail = self._tails.get(series)
        if tail is None:
            pairs = (f"{_clean(key)}:{_clean(value)}" for key, value in series.tags)
            tail = "|#" + ",".join(pairs)
            number = self._distinct.number((series.metric.name, tail))
            if number > 1:
                tail = f"{tail},{DUPLICATE}:{number}"
            self._tails[series] = tail
        return tail


def _together(series: OutputSeries, before: float, level: float) -> float:
    """A gauge of several series as one."""
    if series.metric.across_workers is not AcrossWorkers.LAST:
        return before + level  # parts of a whole, such as the open sessions of each scenario
    if any(key == "worker" for key, _ in series.tags):
        return max(before, level)  # the generator is as healthy as its worst worker
    return level


def _clean_name(metric: Metric) -> str:
    return _clean(metric.name)


def _clean(text: str) -> str:
    """Without what has a meaning in the protocol."""
    return _SPECIAL.sub("_", text)[:200]
