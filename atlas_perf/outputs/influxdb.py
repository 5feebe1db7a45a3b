"""`--out influxdb=…`: InfluxDB's line protocol, to a server's write API or to a file.

A line for each series that changed in a period, at the period's end:

    http_reqs,method=GET,status=200 value=12 1795442713000000000
    http_req_duration,method=GET avg=5.2,count=12i,max=…,med=…,min=…,p90=…,p95=…,p99=…,sum=… …

Counters and gauges have `value`: what was added, and the level. Rates have `value`, the share, and
`passes` and `samples`. Times are milliseconds, as in k6.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from atlas_perf.errors import PlanError
from atlas_perf.model.metric import Metric
from atlas_perf.outputs.courier import Undelivered
from atlas_perf.outputs.distinct import DUPLICATE, Distinct
from atlas_perf.outputs.http_post import HttpPost
from atlas_perf.outputs.period import OutputSeries, Period
from atlas_perf.outputs.trend_values import PERIOD_STATS, in_milliseconds
from atlas_perf.sketch.ddsketch import Sketch

_MOST_LINES = 5_000  # in one payload, as InfluxDB advises

_ESCAPED = re.compile(r"[,= ]")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\]")


class _Lines:
    """Periods as lines."""

    def __init__(self) -> None:
        self._heads: dict[OutputSeries, str] = {}
        self._distinct = Distinct()

    def encode(self, zero_unix_ns: int, period: Period) -> list[bytes]:
        at_ns = zero_unix_ns + period.end_ns
        lines = [
            f"{self._head(series)} {fields} {at_ns}\n" for series, fields in _fields_of(period)
        ]
        return [
            "".join(lines[first : first + _MOST_LINES]).encode()
            for first in range(0, len(lines), _MOST_LINES)
        ]

    def _head(self, series: OutputSeries) -> str:
        head = self._heads.get(series)
        if head is None:
            tags = "".join(
                f",{_word(key)}={_word(value)}" for key, value in series.tags if _word(value)
            )
            head = _word(series.metric.name) + tags
            number = self._distinct.number(head)
            if number > 1:
                head = f"{head},{DUPLICATE}={number}"
            self._heads[series] = head
        return head


class InfluxServer:
    """The write API of InfluxDB 2 and 3, or what speaks like it.

    Raises:
        UsageError: the URL cannot be used.
    """

    kind = "influxdb"

    def __init__(self, url: str, variables: Mapping[str, str]) -> None:
        self._http = HttpPost(
            self.kind,
            url,
            usual_path="/api/v2/write",
            fixed_headers={"Content-Type": "text/plain; charset=utf-8"},
            variables=variables,
            scheme="Token",
        )
        self.shown = self._http.shown
        self._lines = _Lines()
        self._zero_unix_ns = 0

    def open(self, zero_unix_ns: int) -> None:
        self._zero_unix_ns = zero_unix_ns

    def encode(self, period: Period) -> Sequence[bytes]:
        return self._lines.encode(self._zero_unix_ns, period)

    def send(self, payload: bytes) -> None:
        self._http.post(payload)

    def close(self) -> str:
        self._http.close()
        return ""


class InfluxFile:
    """Lines in a file, for `influx write` or Telegraf.

    Raises:
        PlanError: it cannot be written.
    """

    kind = "influxdb"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.shown = str(path)
        self._file: io.FileIO | None = None
        self._lines = _Lines()
        self._zero_unix_ns = 0
        try:
            path.open("ab").close()
        except OSError as error:
            raise self._refused(error) from None

    def open(self, zero_unix_ns: int) -> None:
        self._zero_unix_ns = zero_unix_ns
        try:
            self._file = io.FileIO(self._path, "wb")
        except OSError as error:
            raise self._refused(error) from None

    def encode(self, period: Period) -> Sequence[bytes]:
        return self._lines.encode(self._zero_unix_ns, period)

    def send(self, payload: bytes) -> None:
        assert self._file is not None, "it was opened"
        rest = memoryview(payload)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            # Part of the payload may be there: sent again, it would be there twice.
            raise Undelivered(error.strerror or str(error), passing=False) from None

    def close(self) -> str:
        if self._file is not None:
            self._file.close()
        return ""

    def _refused(self, error: OSError) -> PlanError:
        return PlanError(
            f"--out influxdb: {self._path} cannot be written: {error.strerror or error}; "
            "a server's URL begins with http:// or https://"
        )


def _fields_of(period: Period) -> Iterator[tuple[OutputSeries, str]]:
    for series, amount in period.counters.items():
        yield series, f"value={in_milliseconds(series.metric, amount)!r}"
    for series, (_, level) in period.gauges.items():
        yield series, f"value={in_milliseconds(series.metric, level)!r}"
    for series, (passes, samples) in period.rates.items():
        if samples:
            yield series, f"passes={passes}i,samples={samples}i,value={passes / samples!r}"
    for series, sketch in period.trends.items():
        if sketch.count:
            yield series, _trend_fields(series.metric, sketch)


def _trend_fields(metric: Metric, sketch: Sketch) -> str:
    fields = {name: read(sketch) for name, read in PERIOD_STATS.items()}
    fields["sum"] = sketch.sum
    numbers = (f"{name}={in_milliseconds(metric, value)!r}" for name, value in fields.items())
    return f"count={sketch.count}i,{','.join(numbers)}"


def _word(text: str) -> str:
    """A name, tag or value: control characters and backslashes have no escape that all readers
    agree on, so they are replaced."""
    return _ESCAPED.sub(lambda found: "\\" + found[0], _UNWANTED.sub("_", text))
