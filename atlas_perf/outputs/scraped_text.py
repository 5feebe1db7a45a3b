"""What a scrape is answered with: protobuf, OpenMetrics or Prometheus' text, as it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import Metric as ClientMetric
from prometheus_client.exposition import choose_encoder

from atlas_perf.outputs.period import OutputSeries
from atlas_perf.outputs.prometheus_messages import MetricFamily, delimited, fill_scraped
from atlas_perf.outputs.prometheus_series import (
    Number,
    SeriesLabels,
    Stat,
    histograms,
    numbers,
)
from atlas_perf.outputs.totals import Totals

PROTOBUF = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

_COUNTER, _GAUGE, _HISTOGRAM = 0, 1, 4


class Exposition:
    """Totals in the format that is asked for. An answer is made once, whoever asks how often."""

    def __init__(self, stats: Sequence[Stat]) -> None:
        self._stats = stats
        self._labels = SeriesLabels()
        self._made: dict[str, bytes] = {}

    def changed(self) -> None:
        """Totals have changed since the last answer."""
        self._made.clear()

    def answer(self, totals: Totals, accept: str) -> tuple[str, bytes]:
        """Content type and body."""
        if "io.prometheus.client.MetricFamily" in accept and "delimited" in accept:
            if PROTOBUF not in self._made:
                self._made[PROTOBUF] = delimited(self._messages(totals))
            return PROTOBUF, self._made[PROTOBUF]
        encode, content_type = choose_encoder(accept)
        if content_type not in self._made:
            self._made[content_type] = encode(_Registry(list(self._families(totals))))
        return content_type, self._made[content_type]

    def _by_name(self, totals: Totals) -> dict[str, list[Number]]:
        families: dict[str, list[Number]] = {}
        for number in numbers(totals, self._stats):
            families.setdefault(number.name, []).append(number)
        return families

    def _families(self, totals: Totals) -> Iterator[ClientMetric]:
        for name, members in self._by_name(totals).items():
            kind = members[0].kind
            family = ClientMetric(name.removesuffix("_total"), _help(members[0].series), kind)
            for one in members:
                family.add_sample(name, dict(self._labels.of(name, one.series)), one.value)
            yield family

    def _messages(self, totals: Totals) -> Iterator[Any]:
        for name, members in self._by_name(totals).items():
            kind = members[0].kind
            family = MetricFamily(name=name, help=_help(members[0].series))
            family.type = _COUNTER if kind == "counter" else _GAUGE
            for one in members:
                metric = self._member(family, one.series)
                value = metric.counter if kind == "counter" else metric.gauge
                value.SetInParent()  # a value of zero is there, too
                value.value = one.value
            yield family
        known: dict[str, Any] = {}
        for name, series, sketch, unit in histograms(totals):
            if name not in known:
                known[name] = MetricFamily(name=name, help=_help(series), type=_HISTOGRAM)
            fill_scraped(self._member(known[name], series).histogram, sketch, unit)
        yield from known.values()

    def _member(self, family: Any, series: OutputSeries) -> Any:
        metric = family.metric.add()
        for name, value in self._labels.of(family.name, series):
            metric.label.add(name=name, value=value)
        return metric


class _Registry:
    """What the encoders of Prometheus' client read."""

    def __init__(self, families: list[ClientMetric]) -> None:
        self._families = families

    def collect(self) -> Iterator[ClientMetric]:
        return iter(self._families)


def _help(series: OutputSeries) -> str:
    return f"{series.metric.name} of the load test"
