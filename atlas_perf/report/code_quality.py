"""Broken criteria as GitLab code quality: each is shown in the merge request at its line.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from atlas_perf.model.summary import CriterionState, Summary
from atlas_perf.report.criterion_text import CriterionText, criteria_texts

_PLACE = re.compile(r"(?P<file>.+):(?P<line>[0-9]+)")
_SEVERITIES = {CriterionState.FAILED: "critical", CriterionState.NO_DATA: "major"}


def code_quality(summary: Summary) -> list[dict[str, Any]]:
    """The content of `gl-code-quality-report.json`: criteria not met, and those not judged."""
    places = _places(summary)
    return [
        quality_issue(
            summary.name,
            told,
            place=places.get((told.group, told.name), ""),
            file=summary.file,
        )
        for told in criteria_texts(summary)
        if told.state in _SEVERITIES
    ]


def quality_issues(name: str, criteria: Iterable[CriterionText], file: str) -> list[dict[str, Any]]:
    """The same of criteria that are all written in one file, nobody knows in which line."""
    return [
        quality_issue(name, told, place="", file=file)
        for told in criteria
        if told.state in _SEVERITIES
    ]


def quality_issue(name: str, told: CriterionText, *, place: str, file: str) -> dict[str, Any]:
    """One finding, at a place such as `api.py:12`, or at the begin of a file."""
    match = _PLACE.fullmatch(place)
    key = f"{name}\0{told.group}\0{told.name}"
    return {
        "description": f"{name}: {told.group} {told.name}: {told.value}. {told.reason}",
        "check_name": "atlas-perf",
        # The same criterion is the same finding, whatever its value is this time.
        "fingerprint": hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest(),
        "severity": _SEVERITIES[told.state],
        "location": {
            "path": match["file"] if match else file,
            "lines": {"begin": int(match["line"]) if match else 1},
        },
    }


def _places(summary: Summary) -> dict[tuple[str, str], str]:
    """Where each criterion is written, as far as the plan tells."""
    thresholds = summary.plan.get("thresholds")
    if not isinstance(thresholds, list | tuple):
        return {}
    return {
        (str(one.get("selector")), str(one.get("expression"))): str(one.get("place", ""))
        for one in thresholds
        if isinstance(one, dict)
    }
