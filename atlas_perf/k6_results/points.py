"""k6's `--out json`, line by line: metrics as they are defined, and samples.

    {"type":"Metric","data":{"name":…,"type":…,"contains":…,"submetrics":[{"name":…}]},"metric":…}
    {"metric":…,"type":"Point","data":{"time":…,"value":…,"tags":{…},"metadata":{…}}}

Most lines differ from an earlier one in time and value only. So what comes behind these two is read
once for each text that occurs.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from atlas_perf.k6_results.opening import MAX_LINE_BYTES, K6FileError
from atlas_perf.model.metric import Contains, Metric, MetricKind
from atlas_perf.model.series import METRIC_NAME
from atlas_perf.units import NS_PER_S

MOST_KNOWN_TEXTS = 100_000
MOST_METRICS = 10_000

_POINT = re.compile(
    rb'\{"metric":"([^"\\]*)","type":"Point","data":\{'
    rb'"time":"([^"\\]*)","value":(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?),"tags":'
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(slots=True, eq=False)
class Source:
    """What a sample is of, as written: which metric, under which tags."""

    metric: str
    tags: Mapping[str, str]
    place: int | None = None  # for whoever takes the points: where those of this source go


Point = tuple[Source, int, float]
"""Of what, when (Unix nanoseconds), how much."""


@dataclass
class Lines:
    """The lines of one file; iterating yields its points and fills `metrics`."""

    path: Path
    metrics: dict[str, Metric] = field(default_factory=dict)
    submetrics: list[str] = field(default_factory=list)  # that thresholds of the script name
    number: int = 0  # of the line that was read last
    _known: dict[tuple[bytes, bytes], Source] = field(default_factory=dict)
    _date: tuple[str, str, int] = ("", "", 0)  # second, zone and what they are in Unix time

    def points(self, file: io.BufferedIOBase) -> Iterator[Point]:
        """Every sample in the order of the file.

        Raises:
            K6FileError: naming the first line that is no such line.
        """
        for line in iter(lambda: file.readline(MAX_LINE_BYTES), b""):
            self.number += 1
            match = _POINT.match(line)
            if match is not None and line.endswith(b"}}\n"):
                source = self._source(match[1], line[match.end() : -3])
                yield source, self._time_ns(match[2].decode()), float(match[3])
            elif point := self._whole(line):
                yield point

    def error(self, what: str) -> K6FileError:
        return K6FileError(f"{self.path}, line {self.number}: {what}")

    def _source(self, metric: bytes, text: bytes) -> Source:
        """Args: text: the tags, and what else there is of the object that they are in."""
        source = self._known.get((metric, text))
        if source is None:
            if len(self._known) >= MOST_KNOWN_TEXTS:
                self._known.clear()
            source = self._new_source(metric.decode(errors="replace"), text)
            self._known[metric, text] = source
        return source

    def _new_source(self, metric: str, text: bytes) -> Source:
        try:
            plain = json.loads(b'{"tags":' + text + b"}")
        except (ValueError, RecursionError):
            plain = None
        return self._checked(metric, plain["tags"] if isinstance(plain, dict) else None)

    def _checked(self, metric: str, tags: Any) -> Source:
        if metric not in self.metrics:
            raise self.error(f"a sample of {metric!r}, which no line before has defined")
        if tags is None:
            tags = {}
        if not isinstance(tags, dict) or not all(isinstance(one, str) for one in tags.values()):
            raise self.error("its tags are no texts")
        return Source(metric, tags)

    def _whole(self, line: bytes) -> Point | None:
        """A line that defines a metric, or a point that is not written as k6 does it."""
        if not line.endswith(b"\n"):
            long = len(line) >= MAX_LINE_BYTES
            raise self.error(
                f"it is longer than {MAX_LINE_BYTES >> 10} KiB, and none of k6's is"
                if long
                else "it is cut off: k6 was killed, or its disk was full, and what is missing "
                "nobody knows"
            )
        try:
            plain = json.loads(line)
        except (ValueError, RecursionError):
            raise self.error("it is no JSON") from None
        kind = plain.get("type") if isinstance(plain, dict) else None
        data: Any = plain.get("data") if isinstance(plain, dict) else None
        if kind not in ("Metric", "Point") or not isinstance(data, dict):
            raise self.error("it is no line of k6's --out json")
        if kind == "Metric":
            self._define(data)
            return None
        value: Any = data.get("value")
        time = data.get("time")
        if type(value) not in (int, float) or not isinstance(time, str):
            raise self.error("its value is no number, or its time no text")
        source = self._checked(str(plain.get("metric")), data.get("tags"))
        try:
            return source, self._time_ns(time), float(value)
        except OverflowError:
            raise self.error(f"{value} is too large for a measurement") from None

    def _define(self, data: Any) -> None:
        name = data.get("name")
        try:
            if not isinstance(name, str) or not METRIC_NAME.fullmatch(name):
                raise ValueError
            metric = Metric(name, MetricKind(data.get("type")), Contains(data.get("contains")))
        except ValueError:
            raise self.error("it defines no metric that k6 could have") from None
        if self.metrics.setdefault(name, metric) != metric:
            raise self.error(f"it defines {name} otherwise than a line before")
        if len(self.metrics) > MOST_METRICS:
            raise self.error(f"more than {MOST_METRICS:,} metrics, and no script has as many")
        listed = data.get("submetrics")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                self.submetrics.append(one["name"])

    def _time_ns(self, text: str) -> int:
        match = _DATE.fullmatch(text)
        if match is None:
            raise self.error(f"its time {text[:40]!r} is no date of RFC 3339")
        second, fraction, zone = match[1], match[2] or "", match[3]
        if (second, zone) != self._date[:2]:
            try:
                unix_s = int(datetime.fromisoformat(second + zone).timestamp())
            except (ValueError, OverflowError):
                raise self.error(f"its time {text!r} is no date") from None
            self._date = second, zone, unix_s
        return self._date[2] * NS_PER_S + int(fraction.ljust(9, "0"))
