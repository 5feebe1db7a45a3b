"""The text of the live page; everything in it comes over its stream."""

from __future__ import annotations

from atlas_perf.report.html.assets import LIVE
from atlas_perf.report.html.definitions import DEFINITIONS
from atlas_perf.report.html.page import render_page
from atlas_perf.report.html.report_data import ReportData
from atlas_perf.report.live.definitions import LIVE_DEFINITIONS


def live_page(token: str, command: str) -> str:
    """The page, which asks for the run with this token, and leaves another command's alone."""
    return render_page(
        "live.html.jinja",
        "atlas-perf, live",
        ReportData(definitions={**DEFINITIONS, **LIVE_DEFINITIONS}),
        programs=LIVE,
        connects=True,
        token=token,
        command=command,
    )
