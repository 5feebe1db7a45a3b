"""k6's `--out csv=FILE`: a row for each sample, system tags in columns of their own.

    metric_name,timestamp,metric_value,check,error,…,url,extra_tags,metadata

The columns are k6's. The timestamp is whole seconds since 1970, the value has six decimals and
times are milliseconds. All other tags are `extra_tags`, as `name=value&name=value`; `metadata`
stays empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from atlas_perf.model.metric import Contains, Metric
from atlas_perf.model.plan import TestPlan
from atlas_perf.model.series import Tags
from atlas_perf.outputs.sample_file import SampleFile, SampleForm, SampleTime
from atlas_perf.units import NS_PER_MS

TAG_COLUMNS = (
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "method",
    "name",
    "proto",
    "scenario",
    "service",
    "status",
    "subproto",
    "tls_version",
    "url",
)
"""Tags that have a column, in k6's order."""


class K6CsvOutput(SampleFile):
    """Every sample as a row."""

    kind = "csv"

    def head(self, plan: TestPlan) -> str:  # noqa: ARG002 - as all
        columns = ("metric_name", "timestamp", "metric_value")
        return _row((*columns, *TAG_COLUMNS, "extra_tags", "metadata"))

    def new_form(self, metric: Metric, tags: Tags, lines: io.StringIO) -> SampleForm:  # noqa: ARG002
        return _RowForm(metric, tags)


class _RowForm:
    __slots__ = ("_after", "_before", "_scale")

    def __init__(self, metric: Metric, tags: Tags) -> None:
        known = dict(tags)
        cells = [known.pop(column, "") for column in TAG_COLUMNS]
        extra = "&".join(f"{name}={value}" for name, value in known.items())
        self._before = _row((metric.name,)).removesuffix("\n")
        self._after = _row((*cells, extra, ""))
        self._scale = NS_PER_MS if metric.contains is Contains.TIME else 1

    def line(self, at: SampleTime, value: float) -> str:
        return f"{self._before},{at.second},{value / self._scale:f},{self._after}"


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    # Cells with any character of the line's end are quoted: a lone \r would end a row as well.
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n") + "\n"
