"""`summary.json`: the whole `Summary`, versioned.

Its JSON Schema is docs/schemas/summary.schema.json.
"""

from __future__ import annotations

import json
from typing import Any

from atlas_perf.model.summary import SCHEMA_VERSION, Summary
from atlas_perf.report.errors import SummaryFormatError
from atlas_perf.report.plain_values import from_plain, to_plain


def summary_to_plain(summary: Summary) -> dict[str, Any]:
    """The summary as JSON-able values, its version first."""
    plain = to_plain(summary)
    return {"schema_version": plain.pop("schema_version"), **plain}


def summary_from_plain(plain: object) -> Summary:
    """Read what `summary_to_plain` gave, here or in an older or newer minor version.

    Raises:
        SummaryFormatError: in one sentence, for another major version or a malformed value.
    """
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if not isinstance(version, str) or not version.partition(".")[0].isdigit():
        raise SummaryFormatError("this is no atlas-perf summary: it has no schema_version")
    major, ours = int(version.partition(".")[0]), int(SCHEMA_VERSION.partition(".")[0])
    if major != ours:
        advice = "upgrade atlas-perf to read it" if major > ours else "run the test again"
        raise SummaryFormatError(
            f"the summary has schema version {version}, this atlas-perf reads "
            f"{SCHEMA_VERSION}: {advice}"
        )
    try:
        summary: Summary = from_plain(Summary, plain)
    except ValueError as error:
        raise SummaryFormatError(f"the summary is malformed: {error}") from None
    return summary


def summary_to_json(summary: Summary) -> str:
    """The text of `summary.json`."""
    return json.dumps(summary_to_plain(summary), indent=2, ensure_ascii=False, allow_nan=False)


def summary_from_json(text: str) -> Summary:
    """Read the text of a `summary.json`.

    Raises:
        SummaryFormatError: as `summary_from_plain`, and for text that is not JSON.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise SummaryFormatError(f"the summary is not JSON: {error}") from None
    return summary_from_plain(plain)
