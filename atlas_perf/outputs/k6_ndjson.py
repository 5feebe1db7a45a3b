"""k6's `--out json=FILE`: one JSON object a line, gzipped if the name ends in `.gz`.

    {"type":"Metric","data":{"name":…,"type":…,"contains":…,"thresholds":[…],"submetrics":null},"metric":…}
    {"metric":…,"type":"Point","data":{"time":…,"value":…,"tags":{…}}}

A Metric line comes before the first point of its metric. Points stand in the order in which
batches arrive, not sorted by time. Of gauges that add up over workers, such as `vus`, there is one
point a second: the sum. Times are milliseconds; tags are exactly those recorded, so an
address with a secret in it is in the file: unlike the summary, this is raw data.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from atlas_perf.clock import WallAnchor
from atlas_perf.errors import PlanError
from atlas_perf.model.batch import Batch, NewSeries
from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Series, Tags
from atlas_perf.units import NS_PER_MS, NS_PER_S
from atlas_perf.wire.samples import iter_samples

_BUFFER_BYTES = 1 << 20
_LARGEST_PLAIN = 1e21  # from here on, and below 1e-6, Go's encoder writes an exponent
_SMALLEST_PLAIN = 1e-6


class K6NdjsonOutput:
    """Writes every sample of a run to one file.

    Raises:
        PlanError: from the constructor, if the file cannot be written.
    """

    wants_samples = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.BufferedIOBase | None = None
        self._failure: str | None = None
        self._lost = 0
        self._dropped = 0  # by workers that found the way here blocked
        self._thresholds: dict[str, list[str]] = {}
        self._declared: set[str] = set()
        self._points: dict[tuple[int, int], _PointForm] = {}
        self._sums: dict[Series, _PointForm] = {}
        self._dates = _Dates(WallAnchor(0, 0), 0)
        try:
            path.open("ab").close()
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None

    def start(self, plan: TestPlan, anchor: WallAnchor, t0_ns: int) -> None:
        for threshold in plan.thresholds:
            selector = Selector.parse(threshold.selector)
            if not selector.tags:
                self._thresholds.setdefault(selector.metric, []).append(threshold.expression)
        self._dates = _Dates(anchor, t0_ns)
        try:
            self._file = self._open()
        except OSError as error:
            raise PlanError(self._cannot_write(error)) from None

    def on_batch(self, batch: Batch, resolve: Callable[[int], NewSeries]) -> None:
        self._dropped += batch.health.dropped_samples
        if self._file is None:
            self._lost += sum(1 for _ in iter_samples(batch.samples))
            return
        lines = io.StringIO()
        written = 0
        for number, at_ns, value in iter_samples(batch.samples):
            form = self._points.get((batch.worker, number))
            if form is None:
                new = resolve(number)
                form = self._new_form(new.metric, new.series.tags, lines)
                self._points[batch.worker, number] = form
            lines.write(form.line(self._dates.at(at_ns), value))
            written += 1
        self._write(lines, written)

    def on_gauge(self, metric: Metric, tags: Tags, at_ns: int, value: float) -> None:
        lines = io.StringIO()
        series = Series(metric.name, tags)
        form = self._sums.get(series)
        if form is None:
            form = self._sums[series] = self._new_form(metric, tags, lines)
        lines.write(form.line(self._dates.at(at_ns), value))
        self._write(lines, 1)

    def close(self) -> str | None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._stop(error)
            self._file = None
        return self._missing()

    def _missing(self) -> str | None:
        lost = self._lost + self._dropped
        if self._failure is not None:
            at_least = f", at least {lost} samples are missing" if lost else ""
            advice = "give it a place with room, or leave --out away"
            return f"{self._failure}: the file is incomplete{at_least}: {advice}."
        if self._dropped:
            return (
                f"--out json: {self._path} is incomplete, {self._dropped} samples are missing: "
                "they came faster than they could be written; the report has them all. Write to a "
                "faster disk, without .gz, or leave --out away."
            )
        return None

    def _open(self) -> io.BufferedIOBase:
        if self._path.suffix == ".gz":
            return gzip.GzipFile(self._path, "wb", compresslevel=1)
        return io.BufferedWriter(io.FileIO(self._path, "wb"), _BUFFER_BYTES)

    def _write(self, lines: io.StringIO, points: int) -> None:
        if self._file is None:
            self._lost += points
            return
        try:
            self._file.write(lines.getvalue().encode())
        except OSError as error:
            self._lost += points
            self._stop(error)

    def _stop(self, error: OSError) -> None:
        """Give up writing, and let the run go on: its end says that the file is not whole."""
        self._failure = self._cannot_write(error)
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                return  # the same full disk: what was buffered is lost, and said to be

    def _cannot_write(self, error: OSError) -> str:
        return f"--out json: {self._path} cannot be written: {error.strerror or error}"

    def _new_form(self, metric: Metric, tags: Tags, lines: io.StringIO) -> _PointForm:
        if metric.name not in self._declared:
            self._declared.add(metric.name)
            lines.write(_metric_line(metric, self._thresholds.get(metric.name, [])))
        return _PointForm(metric, tags)


class _PointForm:
    """A point's line with holes for the time and the value: a series' tags are encoded once."""

    __slots__ = ("_after", "_before", "_scale")

    def __init__(self, metric: Metric, tags: Tags) -> None:
        self._before = f'{{"metric":{_json(metric.name)},"type":"Point","data":{{"time":"'
        self._after = f',"tags":{_json(dict(tags))}}}}}\n'
        self._scale = NS_PER_MS if metric.contains is Contains.TIME else 1

    def line(self, date: str, value: float) -> str:
        return f'{self._before}{date}","value":{go_number(value / self._scale)}{self._after}'


class _Dates:
    """RFC 3339 in UTC with as many decimals as it takes, like Go's RFC3339Nano."""

    def __init__(self, anchor: WallAnchor, t0_ns: int) -> None:
        self._zero_unix_ns = anchor.unix_ns_at(t0_ns)
        self._second = -1
        self._text = ""

    def at(self, at_ns: int) -> str:
        second, rest_ns = divmod(self._zero_unix_ns + at_ns, NS_PER_S)
        if second != self._second:
            self._second = second
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        decimals = f".{rest_ns:09d}".rstrip("0") if rest_ns else ""
        return f"{self._text}{decimals}Z"


def go_number(value: float) -> str:
    """A float as Go's JSON encoder writes it: the shortest digits, `1` and not `1.0`."""
    if value == 0 or _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
        if value.is_integer():
            return str(int(value))
        text = repr(value)
        return format(Decimal(text), "f") if "e" in text else text
    mantissa, _, exponent = repr(value).partition("e")
    sign = exponent[0] if exponent[0] in "+-" else "+"
    digits = exponent.lstrip("+-0")
    return f"{mantissa}e{sign}{digits}"


def _metric_line(metric: Metric, thresholds: list[str]) -> str:
    data = {
        "name": metric.name,
        "type": metric.kind.value,
        "contains": metric.contains.value,
        "thresholds": thresholds,
        "submetrics": None,
    }
    return _json({"type": "Metric", "data": data, "metric": metric.name}) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
