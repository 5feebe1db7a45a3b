"""What charts of a page are drawn from: one JSON document, versioned, for every page of runs.

A report has one run, a comparison two. A live page has one whose columns grow: it is given the
same names second by second. Only what is drawn is here; texts and tables are in the page itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from atlas_perf.report.plain_values import to_plain

REPORT_DATA_VERSION = "1.0"
"""Rises in its first part when the scripts of an older page would misread the document."""


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A stretch of the run that one phase of the load fills, in seconds from the run's start."""

    phase: str
    begin_s: float
    end_s: float
    counted: bool
    scenario: str = ""  # empty where all scenarios share it


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Quantiles of one distribution at the tails of `Spectra.tails`, in milliseconds."""

    name: str
    count: int
    values_ms: tuple[float | None, ...]  # None where the distribution has no sample so far out
    whole: bool = False  # of all requests, not of one endpoint


@dataclass(frozen=True, slots=True)
class Spectra:
    """Latency distributions over one axis: 1/(1-q), so that 10 is p(90) and 1000 is p(99.9)."""

    phase: str  # of the load that they are of; empty: all that counts
    tails: tuple[float, ...]
    curves: tuple[Spectrum, ...]


@dataclass(frozen=True, slots=True)
class History:
    """How the value of one criterion went along: over a run, or over runs."""

    key: str  # of the element of the page that it is drawn in
    unit: str  # "ms", "bytes", "per_s", "bytes_per_s" or ""
    limit: float
    values: tuple[float | None, ...]
    points: tuple[str, ...]  # what each value is of: seconds 12 to 14, or a run
    words: tuple[str, ...] = ()  # of runs, what the criterion came to: met, not met, no data


@dataclass(frozen=True, slots=True)
class RunSeries:
    """One run, column by column: see `columns.py` for the names."""

    label: str
    columns: Mapping[str, tuple[float | None, ...]]
    phases: tuple[PhaseSpan, ...] = ()
    spectra: Spectra | None = None


@dataclass(frozen=True, slots=True)
class TrendLine:
    """One statistic over several runs."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class TrendChart:
    """Statistics of one unit, drawn together."""

    title: str
    about: str
    unit: str  # "ms", "share", "per_s" or ""
    lines: tuple[TrendLine, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Several runs of one scenario, the oldest first."""

    key: str  # of the element of the page that it is drawn in
    labels: tuple[str, ...]
    charts: tuple[TrendChart, ...]


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that the scripts of a page draw."""

    runs: tuple[RunSeries, ...] = ()
    histories: tuple[History, ...] = ()
    trends: tuple[Trend, ...] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    report_data_version: str = REPORT_DATA_VERSION


def report_data_json(data: ReportData) -> str:
    """JSON that may stand inside a `<script>` element: no text in it can end that element."""
    text = json.dumps(to_plain(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
