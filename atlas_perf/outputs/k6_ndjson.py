"""k6's `--out json=FILE`: one JSON object a line.

    {"type":"Metric","data":{"name":…,"type":…,"contains":…,"thresholds":[…],"submetrics":null},"metric":…}
    {"metric":…,"type":"Point","data":{"time":…,"value":…,"tags":{…}}}

A Metric line comes before the first point of its metric. Times are milliseconds.
"""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Selector, Tags
from atlas_perf.outputs.sample_file import SampleFile, SampleForm, SampleTime
from atlas_perf.units import NS_PER_MS

_LARGEST_PLAIN = 1e21  # from here on, and below 1e-6, Go's encoder writes an exponent
_SMALLEST_PLAIN = 1e-6


class K6NdjsonOutput(SampleFile):
    """Every sample as a line of JSON."""

    kind = "json"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._thresholds: dict[str, list[str]] = {}
        self._declared: set[str] = set()

    def head(self, plan: TestPlan) -> str:
        for threshold in plan.thresholds:
            selector = Selector.parse(threshold.selector)
            if not selector.tags:
                self._thresholds.setdefault(selector.metric, []).append(threshold.expression)
        return ""

    def new_form(self, metric: Metric, tags: Tags, lines: io.StringIO) -> SampleForm:
        if metric.name not in self._declared:
            self._declared.add(metric.name)
            lines.write(_metric_line(metric, self._thresholds.get(metric.name, [])))
        return _PointForm(metric, tags)


class _PointForm:
    __slots__ = ("_after", "_before", "_scale")

    def __init__(self, metric: Metric, tags: Tags) -> None:
        self._before = f'{{"metric":{_json(metric.name)},"type":"Point","data":{{"time":"'
        self._after = f',"tags":{_json(dict(tags))}}}}}\n'
        self._scale = NS_PER_MS if metric.contains is Contains.TIME else 1

    def line(self, at: SampleTime, value: float) -> str:
        return f'{self._before}{at.rfc3339}","value":{go_number(value / self._scale)}{self._after}'


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
