"""Pages of runs that never were: honest ones, and ones whose every name is an attack."""

from __future__ import annotations

import dataclasses
import json
from html.parser import HTMLParser
from pathlib import Path

from sample_summary import sample_summary

from atlas_perf.judge.comparison.compare import compare
from atlas_perf.model.comparison import Terms
from atlas_perf.model.metric import Contains
from atlas_perf.model.request_sample import SampleReason
from atlas_perf.model.run_sketches import KeptRate, KeptTrend, RunSketches
from atlas_perf.model.series import Selector
from atlas_perf.model.summary import RequestSummary, Summary
from atlas_perf.report.html.compare_page import compare_page
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import ReportData
from atlas_perf.report.html.run_page import run_page
from atlas_perf.report.html.trend_page import trend_page
from atlas_perf.report.run_files import RunFiles
from atlas_perf.report.run_outcomes import EarlierRuns, outcomes_of
from atlas_perf.sketch.ddsketch import Sketch

HOSTILE = '</script><img src=x onerror=alert(1)>\x00\x1b[31m\r\u202e"\u2028'


def sketch(*values_ms: float) -> bytes:
    one = Sketch()
    for value in values_ms:
        one.add(value * 1e6)
    return one.to_bytes()


KEPT = RunSketches(
    "steady",
    (10, 10),
    trends=(
        KeptTrend("http_req_duration", Contains.TIME, 0, (sketch(1, 2), sketch(3, 400))),
        KeptTrend(
            "http_req_duration{method:GET,name:runs,scenario:api}",
            Contains.TIME,
            0,
            (sketch(1, 2), sketch(3)),
        ),
    ),
    rates=(KeptRate("checks", ((3, 4), (4, 4))),),
)


class Page(HTMLParser):
    """Tags, their attributes, and the text of the page's data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data

    @property
    def data(self):
        return json.loads(self.scripts[0])

    def figures(self) -> dict[str | None, float]:
        return {
            attributes["data-figure"]: float(attributes["data-value"] or "nan")
            for _, attributes in self.tags
            if "data-figure" in attributes
        }


def one_page(summary: Summary | None = None, kept: RunSketches = KEPT) -> str:
    """The page of a run, with an earlier one beside it."""
    this = summary or sample_summary()
    before = dataclasses.replace(this, started_at="2026-11-22T14:05:12Z")
    earlier = EarlierRuns((outcomes_of(_place(this), before),), 1, _place(this), 1, 1)
    return run_page(this, kept, earlier)


def compared_page(summary: Summary | None = None, kept: RunSketches = KEPT) -> str:
    """A run compared with itself, but for its version."""
    this = summary or sample_summary()
    run = RunFiles(Path(_place(this)), this, kept)
    facts = dataclasses.replace(this.facts, tool_version=f"{this.facts.tool_version}.1")
    other = dataclasses.replace(run, summary=dataclasses.replace(this, facts=facts))
    return compare_page(run, other, compare([kept], [kept], Terms()))


def unlike_page(summary: Summary | None = None, kept: RunSketches = KEPT) -> str:
    """Two runs that cannot be compared."""
    this = summary or sample_summary()
    run = RunFiles(Path(_place(this)), this, kept)
    return compare_page(run, run, None, f"The runs differ in {_place(this)}.")


def many_page(summary: Summary | None = None, kept: RunSketches = KEPT) -> str:
    """Two runs of one scenario, and one of another."""
    this = summary or sample_summary()
    before = dataclasses.replace(this, started_at="2026-11-22T14:05:12Z")
    other = dataclasses.replace(this, name=f"{this.name} too")
    return trend_page([(_place(this), this), (_place(this), before), (_place(this), other)])


PAGES = (one_page, compared_page, unlike_page, many_page)


def live_page() -> str:
    """The page of a run that goes on, before it has heard of it."""
    return render_page(
        "live.html.jinja",
        "atlas-perf, live",
        ReportData(),
        main="live.js",
        connects=True,
        token="",
        command="",
    )


def _place(summary: Summary) -> str:
    """Names of folders are as hostile as those of scenarios."""
    return f"results/{summary.name.replace('/', '∕')}"


def hostile_summary():
    summary = sample_summary()
    endpoint = dataclasses.replace(summary.endpoints[0], name=HOSTILE, scenario=HOSTILE)
    exception = dataclasses.replace(
        summary.exceptions[0], kind=HOSTILE, message=HOSTILE, traceback=HOSTILE, file=HOSTILE
    )
    return dataclasses.replace(
        summary,
        name=HOSTILE,
        reasons=(HOSTILE,),
        endpoints=(endpoint,),
        exceptions=(exception,),
        checks=(dataclasses.replace(summary.checks[0], name=HOSTILE, group=f"::{HOSTILE}"),),
        plan={"name": HOSTILE},
        requests=tuple(
            request(
                reason, name=HOSTILE, url=HOSTILE, error=HOSTILE, body=HOSTILE, trace_id=HOSTILE
            )
            for reason in SampleReason
        ),
    )


def hostile_kept() -> RunSketches:
    """With an endpoint and a metric of hostile names."""
    tags = (("method", "GET"), ("name", HOSTILE), ("scenario", HOSTILE))
    endpoint = KeptTrend(
        str(Selector("http_req_duration", tags)), Contains.TIME, 0, KEPT.trends[0].windows
    )
    return dataclasses.replace(KEPT, trends=(*KEPT.trends, endpoint))


def request(reason: SampleReason, **changes: object) -> RequestSummary:
    known = RequestSummary(
        reason, "api", "steady", 3.25, "GET", "/runs/{id}", "http://h/runs/7", 200, "", 0,
        *(12.5, 0.1, None, None, 0.2, 12.0, 0.3, None, "", ""),
    )  # fmt: skip
    return dataclasses.replace(known, **changes)
