"""The text of the live page; everything in it comes over its stream."""

from __future__ import annotations

from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import ReportData


def live_page(token: str) -> str:
    """The page, which asks for the run with this token."""
    return render_page(
        "live.html.jinja",
        "atlas-perf, live",
        ReportData(definitions=DEFINITIONS),
        main="live.js",
        connects=True,
        token=token,
    )
